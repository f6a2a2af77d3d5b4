import { ProtoWriter } from "./protobuf";
import { Code } from "./status";

/**
 * A message that a status carries for programs: those below, of google/rpc/error_details.proto, which clients in all
 * languages know, or one of your own.
 *
 *   return call.failWithDetails(Code.InvalidArgument, "no such date", [
 *     new BadRequest().violation("date", "is in the past"),
 *   ]);
 */
export abstract class Detail {
  /** `name` is the message's full name, such as `google.rpc.BadRequest`. */
  constructor(public readonly name: string) {}
  /** Writes the fields of the message. */
  abstract write(to: ProtoWriter): void;
}

/** Why it failed, for programs: `reason` is of capital letters, digits and `_`, within `domain`, such as `api.test`. */
export class ErrorInfo extends Detail {
  private keys: string[] = [];
  private values: string[] = [];

  constructor(public reason: string, public domain: string = "") { super("google.rpc.ErrorInfo"); }

  /** Adds what else there is to know, each key once. */
  metadata(key: string, value: string): ErrorInfo {
    this.keys.push(key);
    this.values.push(value);
    return this;
  }

  write(to: ProtoWriter): void {
    to.string(1, this.reason).string(2, this.domain);
    for (let i = 0; i < this.keys.length; ++i) to.message(3, texts(this.keys[i], this.values[i]));
  }
}

/** When the client may try again: after `delay` nanoseconds. */
export class RetryInfo extends Detail {
  constructor(public delay: i64) { super("google.rpc.RetryInfo"); }

  write(to: ProtoWriter): void {
    to.message(1, new ProtoWriter().int64(1, this.delay / SECOND).int32(2, (this.delay % SECOND) as i32));
  }
}

/** Where it failed. Not for clients of strangers. */
export class DebugInfo extends Detail {
  constructor(public detail: string, public stackEntries: string[] = []) { super("google.rpc.DebugInfo"); }

  write(to: ProtoWriter): void {
    for (let i = 0; i < this.stackEntries.length; ++i) to.always().string(1, this.stackEntries[i]);
    to.string(2, this.detail);
  }
}

/** Messages that are a list of others, which the field 1 is. */
abstract class Listing extends Detail {
  private list: ProtoWriter[] = [];

  protected add(entry: ProtoWriter): void { this.list.push(entry); }

  write(to: ProtoWriter): void {
    for (let i = 0; i < this.list.length; ++i) to.message(1, this.list[i]);
  }
}

/** Which quotas were used up. */
export class QuotaFailure extends Listing {
  constructor() { super("google.rpc.QuotaFailure"); }

  violation(subject: string, description: string): QuotaFailure {
    this.add(texts(subject, description));
    return this;
  }
}

/** What was not as it must be first. */
export class PreconditionFailure extends Listing {
  constructor() { super("google.rpc.PreconditionFailure"); }

  violation(type: string, subject: string = "", description: string = ""): PreconditionFailure {
    this.add(texts(type, subject, description));
    return this;
  }
}

/** What is wrong with the request. */
export class BadRequest extends Listing {
  constructor() { super("google.rpc.BadRequest"); }

  /** `field` is a path, such as `order.items[2].count`; `reason` is for programs. */
  violation(field: string, description: string, reason: string = ""): BadRequest {
    this.add(texts(field, description, reason));
    return this;
  }
}

/** By what the server knows the request, for reports. */
export class RequestInfo extends Detail {
  constructor(public requestId: string, public servingData: string = "") { super("google.rpc.RequestInfo"); }

  write(to: ProtoWriter): void { to.string(1, this.requestId).string(2, this.servingData); }
}

/** What was asked for. */
export class ResourceInfo extends Detail {
  constructor(
    public resourceType: string, public resourceName: string, public owner: string = "", public description: string = "",
  ) { super("google.rpc.ResourceInfo"); }

  write(to: ProtoWriter): void {
    to.string(1, this.resourceType).string(2, this.resourceName).string(3, this.owner).string(4, this.description);
  }
}

/** Where to read more. */
export class Help extends Listing {
  constructor() { super("google.rpc.Help"); }

  link(description: string, url: string): Help {
    this.add(texts(description, url));
    return this;
  }
}

/** A text for the user, in `locale`, such as `en-US`. */
export class LocalizedMessage extends Detail {
  constructor(public locale: string, public message: string) { super("google.rpc.LocalizedMessage"); }

  write(to: ProtoWriter): void { to.string(1, this.locale).string(2, this.message); }
}

const SECOND: i64 = 1_000_000_000;

/** A message of texts, from field 1 on. */
function texts(first: string, second: string, third: string = ""): ProtoWriter {
  return new ProtoWriter().string(1, first).string(2, second).string(3, third);
}

/** For the SDK: a serialized google.rpc.Status with these details. */
export function statusWith(code: Code, text: string, details: Detail[]): Uint8Array {
  const status = new ProtoWriter().int32(1, code).string(2, text);
  for (let i = 0; i < details.length; ++i) {
    const message = new ProtoWriter();
    details[i].write(message);
    status.message(3, new ProtoWriter().string(1, "type.googleapis.com/" + details[i].name).bytes(2, message.finish()));
  }
  return status.finish();
}
