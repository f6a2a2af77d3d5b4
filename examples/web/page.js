import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { protocols } from "./clients.js";
import { Chat, NamesTakenSchema } from "./gen/chat_pb.js";
import { RouteGuide } from "./gen/route_guide_pb.js";

const element = (id) => document.getElementById(id);
const value = (id) => element(id).value;

element("server").value = new URLSearchParams(location.search).get("server") ?? "http://127.0.0.1:50051";
for (const name of Object.keys(protocols)) element("protocol").append(new Option(name));

const client = (service) => protocols[value("protocol")](service, value("server"));

function show(id, text, isError = false) {
  element(id).textContent = text;
  element(id).classList.toggle("error", isError);
}

function append(id, text) {
  const item = document.createElement("li");
  item.textContent = text;
  element(id).append(item);
  item.scrollIntoView({ block: "nearest" });
}

/** The error in words: its code, its message, and the details this page knows. */
function inWords(reason) {
  const error = ConnectError.from(reason);
  const taken = error.details
    .filter(({ type }) => type === NamesTakenSchema.typeName)
    .flatMap((detail) => fromBinary(NamesTakenSchema, detail.value).names);
  const choose = taken.length > 0 ? `; choose another name than ${taken.join(", ")}` : "";
  return `${Code[error.code]}: ${error.rawMessage}${choose}`;
}

// A call.
element("get-feature").onclick = async () => {
  show("feature", "…");
  try {
    const point = { latitude: Number(value("latitude")), longitude: Number(value("longitude")) };
    const feature = await client(RouteGuide).getFeature(point, { timeoutMs: 10_000 });
    show("feature", feature.name || "nothing");
  } catch (error) {
    show("feature", inWords(error), true);
  }
};

// A stream to its end.
element("list-features").onclick = async () => {
  element("features").replaceChildren();
  show("list-end", "…");
  const world = { lo: { latitude: -900000000, longitude: -1800000000 }, hi: { latitude: 900000000, longitude: 1800000000 } };
  try {
    for await (const feature of client(RouteGuide).listFeatures(world, { timeoutMs: 10_000 })) {
      append("features", feature.name || "unnamed");
    }
    show("list-end", "these are all");
  } catch (error) {
    show("list-end", inWords(error), true);
  }
};

// A stream that goes on until one leaves, which cancels the call, or until its deadline.
let leaving = null;
element("enter").onclick = async () => {
  element("events").replaceChildren();
  show("chat-end", "");
  leaving = new AbortController();
  element("enter").disabled = true;
  element("leave").disabled = false;
  try {
    const options = { signal: leaving.signal };
    if (value("seconds") !== "") options.timeoutMs = Number(value("seconds")) * 1000;
    for await (const { what } of client(Chat).listen({ room: value("room"), name: value("name") }, options)) {
      if (what.case === "welcome") append("events", `You are in, with ${what.value.names.join(", ") || "nobody"}`);
      else if (what.case === "said") append("events", `${what.value.name}: ${what.value.text}`);
      else append("events", `${what.value} has ${what.case}`);
    }
  } catch (error) {
    show("chat-end", leaving.signal.aborted ? "You have left" : inWords(error), !leaving.signal.aborted);
  }
  element("enter").disabled = false;
  element("leave").disabled = true;
};
element("leave").onclick = () => leaving.abort();

element("speak").onsubmit = async (event) => {
  event.preventDefault();
  const text = value("text");
  element("text").value = "";
  try {
    await client(Chat).say({ room: value("room"), name: value("name"), text }, { timeoutMs: 10_000 });
    append("events", `You: ${text}`);
  } catch (error) {
    show("chat-end", inWords(error), true);
  }
};
