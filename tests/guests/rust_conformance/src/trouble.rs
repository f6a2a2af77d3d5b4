//! What a guest should not do, and what keeps it busy.

use std::cell::RefCell;
use std::hint::black_box;
use wasm_grpc_guest::Status;

pub fn spin() -> ! {
    let mut turns = 0_u32;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// A linear congruential generator, as many thousand steps on.
pub fn compute(thousands: u32) -> u32 {
    let mut state = 1_u32;
    for _ in 0..thousands {
        for _ in 0..1000 {
            state = black_box(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)); // step by step
        }
    }
    state
}

#[expect(unconditional_recursion, reason = "it is to use up the stack")]
#[inline(never)]
fn deeper(above: &[u32; 64]) -> u32 {
    let here = black_box([above[0]; 64]);
    deeper(&here) + here[1]
}

pub fn overflow() {
    black_box(deeper(&[1; 64]));
}

/// Keeps nothing on the stack in the guest's memory, which ends before the one that the host limits.
#[inline(never)]
pub fn recurse(depth: u32) -> u32 {
    if depth == 0 { 0 } else { plus_one(recurse(depth - 1)) }
}

#[inline(never)]
fn plus_one(number: u32) -> u32 {
    black_box(number) + 1 // so that it does not become a loop
}

const MEBIBYTE: usize = 1 << 20;

/// Keeps so many MiB more; those kept so far.
pub fn grow(mebibytes: u32) -> Result<u64, Status> {
    thread_local! {
        static KEPT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    }
    KEPT.with_borrow_mut(|kept| {
        for _ in 0..mebibytes {
            let mut memory = Vec::new();
            let reserved = memory.try_reserve_exact(MEBIBYTE);
            reserved.map_err(|_| Status::resource_exhausted("there is no more memory"))?;
            memory.resize(MEBIBYTE, 0x5a);
            kept.push(black_box(memory));
        }
        Ok(kept.len() as u64)
    })
}
