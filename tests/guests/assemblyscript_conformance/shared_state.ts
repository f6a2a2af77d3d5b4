// What ../shared_state.cc does, in AssemblyScript: counters, and a store. Messages are plain text.
import { Call, Changes, Code, Counter, Outcome, Pair, Service, Store, textOf, utf8 } from "wasm-grpc-guest";
export { wasm_grpc_call, wasm_grpc_start } from "wasm-grpc-guest";

new Counter("starts").add(1);

function failed(call: Call, outcome: Outcome): Uint8Array | null {
  switch (outcome) {
    case Outcome.Absent: return call.fail(Code.NotFound, "");
    case Outcome.Conflict: return call.fail(Code.Aborted, "");
    case Outcome.Full: return call.fail(Code.ResourceExhausted, "full");
    case Outcome.TooLarge: return call.fail(Code.ResourceExhausted, "too large");
    default: return call.fail(Code.InvalidArgument, "");
  }
}

function nameOf(outcome: Outcome): string {
  if (outcome == Outcome.Ok) return "ok";
  return outcome == Outcome.Absent ? "Absent" : outcome == Outcome.Conflict ? "Conflict" : "?";
}

function valueOf(pair: Pair | null): string { return pair ? textOf(pair.value) : "Absent"; }

/** What the functions for several pairs answer, below keys that begin so. */
function many(prefix: string): string {
  const a = prefix + "a", b = prefix + "b", c = prefix + "c", d = prefix + "d";
  let told = "each";
  const each = Store.changeEach(new Changes().set(a, utf8("1")).set(b, utf8("22"), -1, 0).remove(c)).each;
  for (let i = 0; i < each.length; ++i) told += " " + nameOf(each[i]);
  told += "\nall " + nameOf(Store.changeAll(new Changes().set(a, utf8("x")).set(b, utf8("y"), -1, 0)).outcome);
  Store.changeAll(new Changes().set(a, utf8("333")).set(d, utf8("4444"), -1, 0));
  told += "\nmany";
  const pairs = Store.getMany([a, c, d]).pairs;
  for (let i = 0; i < pairs.length; ++i) told += " " + valueOf(pairs[i]);
  for (let page = Store.list(prefix, null, 2); page.next; page = Store.list(prefix, page.next, 2)) {
    told += "\nlist";
    for (let i = 0; i < page.pairs.length; ++i) {
      told += " " + page.pairs[i].key.substring(prefix.length) + ":" + page.pairs[i].valueLength.toString();
    }
  }
  told += "\nswap " + valueOf(Store.swap(a, utf8("5")).old) + " " + valueOf(Store.swap(c, utf8("5")).old);
  return told + "\nconflict " + valueOf(Store.swap(a, utf8("6"), -1, 0).old);
}

new Service("shared.State")
  // "NAME": adds 1.
  .unary("Count", (call: Call, name: Uint8Array): Uint8Array | null => {
    const counter = new Counter(textOf(name));
    return counter.outcome == Outcome.Ok ? utf8(counter.add(1).toString()) : failed(call, counter.outcome);
  })
  // "NAME": adds 1 by comparing and exchanging.
  .unary("CountByComparing", (call: Call, name: Uint8Array): Uint8Array | null => {
    const counter = new Counter(textOf(name));
    let value = counter.load();
    while (counter.compareExchange(value, value + 1) != value) value = counter.load();
    return utf8((value + 1).toString());
  })
  // Uses a counter that is none.
  .unary("Misuse", (call: Call, request: Uint8Array): Uint8Array | null => utf8(new Counter("").load().toString()))
  // "KEY": its value.
  .unary("Get", (call: Call, key: Uint8Array): Uint8Array | null => {
    const pair = Store.get(textOf(key));
    return pair ? pair.value : call.fail(Code.NotFound, "");
  })
  // "KEY MILLISECONDS VALUE": 0 milliseconds are for ever.
  .unary("Set", (call: Call, request: Uint8Array): Uint8Array | null => {
    const first = request.indexOf(0x20);
    const second = request.indexOf(0x20, first + 1);
    const milliseconds = I64.parseInt(textOf(request.subarray(first + 1, second)));
    const ttl = milliseconds > 0 ? milliseconds * 1_000_000 : -1;
    const outcome = Store.set(textOf(request.subarray(0, first)), request.subarray(second + 1), ttl);
    return outcome == Outcome.Ok ? utf8("") : failed(call, outcome);
  })
  .unary("Remove", (call: Call, key: Uint8Array): Uint8Array | null => {
    const outcome = Store.remove(textOf(key));
    return outcome == Outcome.Ok ? utf8("") : failed(call, outcome);
  })
  // "PREFIX"
  .unary("Many", (call: Call, prefix: Uint8Array): Uint8Array | null => utf8(many(textOf(prefix))))
  // "KEY": adds one character to its value, whoever else does, and says how often it had to try.
  .unary("Append", (call: Call, bytes: Uint8Array): Uint8Array | null => {
    const key = textOf(bytes);
    let tries = 0;
    while (true) {
      ++tries;
      const pair = Store.get(key);
      const longer = utf8((pair ? textOf(pair.value) : "") + "x");
      const outcome = Store.set(key, longer, -1, pair ? pair.version : 0);
      if (outcome == Outcome.Ok) return utf8(tries.toString());
      if (outcome != Outcome.Conflict) return failed(call, outcome);
    }
  });
