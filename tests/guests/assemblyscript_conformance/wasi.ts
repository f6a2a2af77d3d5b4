// What the end-to-end tests want of WASI preview 1, by its imports: AssemblyScript has no library for it.

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, buffers: usize, count: i32, written: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "poll_oneoff")
declare function poll_oneoff(subscriptions: usize, events: usize, count: i32, ready: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void;

export const STDOUT = 1;
export const STDERR = 2;
const CLOCK_MONOTONIC = 1;

const space = new Uint8Array(128);

/** Writes bytes and a line's end. */
export function print(fd: i32, line: Uint8Array): void {
  const whole = new Uint8Array(line.length + 1);
  whole.set(line);
  whole[line.length] = 0x0a;
  store<usize>(space.dataStart, whole.dataStart);
  store<i32>(space.dataStart, whole.length, 4);
  fd_write(fd, space.dataStart, 1, space.dataStart + 8);
}

/** False when it was cut short. */
export function nanosleep(nanoseconds: u64): bool {
  const at = space.dataStart;
  memory.fill(at, 0, 48); // a subscription: of a clock, relative
  store<u32>(at, CLOCK_MONOTONIC, 16);
  store<u64>(at, nanoseconds, 24);
  return poll_oneoff(at, at + 48, 1, at + 80) == 0 && load<u16>(at, 48 + 8) == 0;
}

export function exit(code: i32): void {
  proc_exit(code);
}
