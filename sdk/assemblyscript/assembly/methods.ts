// What a module serves, in the order declared.
import { Call } from "./call";
import { CallEvents } from "./events";

// As the ABI numbers them.
export const UNARY = 0;
export const CLIENT_STREAM = 1;
export const SERVER_STREAM = 2;
export const BIDI_STREAM = 3;
export const HTTP = 4;

export abstract class Method {
  constructor(public path: string, public kind: i32) {}

  /** In handler style: serves a call to its end. */
  serve(call: Call): void { unreachable(); }
  /** In event style: what a new call is; null in handler style. */
  begin(call: Call): CallEvents | null { return null; }
  get inEvents(): bool { return false; }
}

export const methods: Method[] = [];
