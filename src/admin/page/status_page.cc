#include "admin/page/status_page.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iterator>

#include "admin/page/html.h"
#include "admin/status_json.h"
#include "observe/metrics/names.h"
#include "observe/metrics/process.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::admin {

extern const std::string_view page_html;  // page.html

namespace {

/// All that is shown together.
struct Facts {
  ServerCounters counters;
  observe::ProcessFacts process;
  double seconds = 1;  // since the start
};

/// A number, which the script finds by its name.
std::string value(std::string_view name, const std::string& text, std::string_view classes = "") {
  return "<span data-v=\"" + std::string(name) + "\" class=\"" + std::string(classes) + "\">" + text + "</span>";
}

std::uint64_t errors_of(const MethodCounters& method) {
  std::uint64_t errors = 0;
  for (std::size_t code = 1; code < method.ended.size(); ++code) errors += method.ended[code];
  return errors;
}

std::string reasons_text(const std::vector<ReasonCount>& counts) {
  std::string text;
  for (const ReasonCount& each : counts) {
    if (each.count == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(each.count) + " " + escaped(each.reason);
  }
  return text.empty() ? "none" : text;
}

std::string header(const View& view, const Facts& facts) {
  const std::string state(name(view.readiness()));
  const std::size_t lines = view.recent_lines().size();
  std::string html = "<header><div><h1>wasm-grpc</h1><span class=\"pill " + state + "\" role=\"status\">" + state +
                     "</span><span class=\"soft\">up " + value("uptime", age_text(facts.seconds)) + " · " +
                     std::to_string(view.workers) + (view.workers == 1 ? " worker" : " workers");
  for (const std::string& address : view.addresses) html += " · " + escaped(address);
  html += "</span><nav><a href=\"#methods\">Methods " + std::to_string(facts.counters.methods.size()) +
          "</a><a href=\"#modules\">Modules " + std::to_string(facts.counters.modules.size()) +
          "</a><a href=\"#lines\">Errors <span class=\"" + (lines > 0 ? "bad" : "zero") + "\">" +
          std::to_string(lines) + "</span></a>" +
          (view.trials != nullptr ? "<a href=\"#try\" class=\"live-only\">Try it</a>" : "") +
          "<a href=\"metrics\">Metrics</a></nav></div></header>";
  return html;
}

std::string tile(std::string_view label, std::string_view name, const std::string& text, bool plotted,
                 const std::string& beside = "", std::string_view classes = "") {
  std::string html = "<div class=\"card tile " + std::string(classes) + "\"><span class=\"soft\">" +
                     std::string(label) + "</span><b>" + value(name, text) + "</b>";
  if (!beside.empty()) html += "<span class=\"soft\">" + beside + "</span>";
  if (plotted) html += "<div class=\"live-only\" data-plot=\"" + std::string(name) + "\"></div>";
  return html + "</div>";
}

// Rates are those since the start; the script has those of now.
std::string tiles(const Facts& facts) {
  std::uint64_t started = 0, errors = 0, flying = 0;
  Durations all;
  for (const MethodCounters& method : facts.counters.methods) {
    started += method.started;
    errors += errors_of(method);
    flying += method.in_progress();
    all.add(method.handling);
  }
  const ServerCounters& counters = facts.counters;
  const auto rate = [&](double count) { return count / facts.seconds; };
  return "<div class=\"grid tiles\" style=\"margin-top:14px\">" +
         tile("Calls/s", "calls", count_text(rate(static_cast<double>(started))), true) +
         tile("Errors/s", "errors", count_text(rate(static_cast<double>(errors))), true, "", "e") +
         tile("In progress", "flying", count_text(static_cast<double>(flying)), true) +
         tile("99 of 100 calls within", "p99", duration_text(all.quantile(0.99)), true) +
         tile("CPU, of one core", "cpu", count_text(100 * rate(facts.process.cpu_seconds)) + " %", true) +
         tile("Resident memory", "memory", bytes_text(static_cast<double>(facts.process.resident_bytes)), true) +
         tile("Half of all calls within", "p50", duration_text(all.quantile(0.5)), false) +
         tile("Connections", "connections", count_text(static_cast<double>(counters.connections_open)), false,
              value("read", bytes_text(rate(static_cast<double>(counters.bytes_read))) + "/s") + " in, " +
                  value("written", bytes_text(rate(static_cast<double>(counters.bytes_written))) + "/s") + " out") +
         "</div>";
}

std::string percent(double part) { return std::to_string(std::llround(100 * std::clamp(part, 0.0, 1.0))) + "%"; }

std::string limits(const View& view, const Facts& facts) {
  std::string html = "<h2>Limits</h2><div class=\"grid tiles\" id=\"limits\">";
  for (const LimitUse& limit : view.limits(facts.counters)) {
    const auto used = static_cast<double>(limit.used), most = static_cast<double>(limit.most);
    const auto say = [&](double number) { return limit.in_bytes ? bytes_text(number) : count_text(number); };
    const double part = limit.most == 0 ? 0 : used / most;
    const std::string_view state = part >= 0.9 ? " full" : part >= 0.7 ? " near" : "";
    html += "<div class=\"card\" data-name=\"" + escaped(limit.name) + "\"><span class=\"soft\">" +
            escaped(limit.name) + "</span><div class=\"bar" + std::string(state) +
            "\"><i style=\"width:" + percent(part) + "\"></i></div>" + value("used", say(used)) +
            "<span class=\"soft\"> of " + (limit.most == 0 ? "no limit" : say(most)) + "</span></div>";
  }
  return html + "</div>";
}

std::string cell(std::string_view label, std::string_view name, const std::string& text, bool zero, bool plotted,
                 bool is_bad = false) {
  std::string classes = "num";
  if (zero) classes += " zero";
  if (is_bad && !zero) classes += " bad";
  return "<td data-label=\"" + std::string(label) + "\">" +
         (plotted ? "<span class=\"plot live-only\" data-plot=\"" + std::string(name) + "\"></span>" : "") +
         value(name, text, classes) + "</td>";
}

std::string row(const MethodCounters& method, double seconds) {
  const auto path = rpc::parse_method_path(method.path);
  const bool is_http = method.kind == rpc::MethodKind::http || !path;
  const std::string_view shown = is_http ? std::string_view(method.path) : path->method;
  std::string html = "<tr data-path=\"" + escaped(method.path) + "\"><td>" + escaped(shown) + " <span class=\"tag\">" +
                     escaped(rpc::name(method.kind)) + "</span><span class=\"soft\">" +
                     escaped(is_http ? std::string_view("HTTP") : path->service) + " · " + escaped(method.module) +
                     "</span></td>";
  const double calls = static_cast<double>(method.started) / seconds;
  const double errors = static_cast<double>(errors_of(method)) / seconds;
  const double p50 = method.handling.quantile(0.5), p99 = method.handling.quantile(0.99);
  const auto flying = static_cast<double>(method.in_progress());
  return html + cell("Calls/s", "calls", count_text(calls), calls == 0, true) +
         cell("Errors/s", "errors", count_text(errors), errors == 0, false, true) +
         cell("Half within", "p50", duration_text(p50), p50 == 0, false) +
         cell("99 % within", "p99", duration_text(p99), p99 == 0, true) +
         cell("In progress", "flying", count_text(flying), flying == 0, false) + "</tr>";
}

std::string methods(const Facts& facts) {
  std::string html =
      "<section id=\"methods\"><h2>Methods <small class=\"live-only\">now; the plots are of the last three "
      "minutes</small><noscript><small>since the start</small></noscript></h2><div class=\"scroll\"><table><thead><tr>";
  constexpr std::pair<const char*, const char*> columns[] = {{"path", "Method"},     {"calls", "Calls/s"},
                                                             {"errors", "Errors/s"}, {"p50", "Half within"},
                                                             {"p99", "99 % within"}, {"flying", "In progress"}};
  for (const auto& [key, label] : columns) {
    html +=
        std::string("<th scope=\"col\" data-sort=\"") + key + "\"><button type=\"button\">" + label + "</button></th>";
  }
  html += "</tr></thead><tbody>";
  for (const MethodCounters& method : facts.counters.methods) html += row(method, facts.seconds);
  return html + "</tbody></table></div></section>";
}

// A form that the script fills and sends; without one it would be of no use.
std::string try_form() {
  const auto field = [](std::string_view label, const std::string& content) {
    return "<label><span class=\"soft\">" + std::string(label) + "</span>" + content + "</label>";
  };
  return "<section id=\"try\" class=\"live-only\"><h2>Try it <small>as a client of this machine</small></h2><form "
         "class=\"card\"><div class=\"grid halves\"><div>" +
         field("Method", "<select name=\"path\"></select>") +
         field("Request, as JSON", "<textarea name=\"request\" rows=\"9\" spellcheck=\"false\"></textarea>") +
         field("Metadata, a line each: name: value",
               "<textarea name=\"metadata\" rows=\"2\" spellcheck=\"false\"></textarea>") +
         "<div class=\"rows\">" +
         field("At most", "<input name=\"seconds\" type=\"number\" min=\"1\" max=\"30\" value=\"10\"> s") +
         "<button type=\"submit\">Call</button></div></div><div aria-live=\"polite\"><output "
         "class=\"soft\">Nothing was called yet.</output></div></div></form></section>";
}

std::string module_card(const ModuleCounters& module) {
  const std::uint64_t resting = module.instances_idle + module.instances_starting;
  const std::uint64_t busy = module.instances_alive - std::min(module.instances_alive, resting);
  const auto part = [](std::string_view state, std::uint64_t count) {
    return "<i class=\"" + std::string(state) + "\" style=\"flex-grow:" + std::to_string(count) + "\"></i>";
  };
  const auto row = [](const char* label, const std::string& content) {
    return std::string("<dt>") + label + "</dt><dd>" + content + "</dd>";
  };
  const auto number = [](std::string_view name, std::uint64_t count) {
    return value(name, count_text(static_cast<double>(count)));
  };
  return "<div class=\"card\" data-name=\"" + escaped(module.name) + "\"><div class=\"rows\"><b>" +
         escaped(module.name) + "</b><span class=\"soft\">" + number("busy", busy) + " busy · " +
         number("idle", module.instances_idle) + " idle · " + number("starting", module.instances_starting) +
         " starting</span></div><div class=\"bar\">" + part("busy", busy) +
         part("starting", module.instances_starting) + part("idle", module.instances_idle) + "</div><dl>" +
         row("Memory", value("memory", bytes_text(static_cast<double>(module.memory_bytes)))) +
         row("Calls that wait", number("waiting", module.calls_waiting)) +
         row("99 % waited at most", value("wait", duration_text(module.waits.quantile(0.99)))) +
         row("Calls refused", number("refused", module.calls_refused + module.calls_unavailable)) +
         row("Half start within", value("start", duration_text(module.starts.quantile(0.5)))) +
         row("Guests that failed", value("failures", reasons_text(module.failures))) + "</dl></div>";
}

std::string modules(const Facts& facts) {
  std::string html = "<section id=\"modules\"><h2>Modules <small>generation " +
                     std::to_string(facts.counters.generation) +
                     "</small></h2><div class=\"grid "
                     "modules\">";
  for (const ModuleCounters& module : facts.counters.modules) html += module_card(module);
  return html + "</div></section>";
}

std::string time_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc)};
}

// The first line says what, the others are a backtrace.
std::string line_item(const observe::RecentLine& line) {
  const std::size_t end = std::min(line.text.find('\n'), line.text.size());
  const bool is_error = line.level == LogLevel::error;
  std::string html = "<li><span class=\"soft\">" + time_text(line.time) + "</span> <span class=\"tag\">" +
                     escaped(line.source) + "</span> <span class=\"" + (is_error ? "bad" : "warn") + "\">" +
                     (is_error ? "error" : "warning") + "</span><div>" + escaped(line.text.substr(0, end)) + "</div>";
  if (end < line.text.size()) {
    const auto key = std::to_string(line.time.time_since_epoch().count());
    html += "<details data-key=\"" + key + "\"><summary class=\"soft\">backtrace</summary><pre>" +
            escaped(line.text.substr(end + 1)) + "</pre></details>";
  }
  return html + "</li>";
}

std::string lines(const View& view) {
  const auto recent = view.recent_lines();
  std::string html = "<section id=\"lines\"><h2>Errors and traps <small>the last " +
                     std::to_string(observe::RecentLines::most) + " that were logged</small></h2><div class=\"card\"";
  if (recent.empty()) return html + "><span class=\"soft\">None so far.</span></div></section>";
  html += " style=\"padding:0\"><ul class=\"lines\">";
  for (const observe::RecentLine& line : recent) html += line_item(line);
  return html + "</ul></div></section>";
}

std::string connections(const Facts& facts) {
  const ServerCounters& counters = facts.counters;
  const auto row = [](const char* label, const std::string& content) {
    return std::string("<dt>") + label + "</dt><dd>" + content + "</dd>";
  };
  return "<section id=\"connections\"><h2>Connections <small>since the start</small></h2><div class=\"card\"><dl>" +
         row("Accepted", value("accepted", count_text(static_cast<double>(counters.connections_accepted)))) +
         row("Turned away, as there were too many",
             value("turned-away", count_text(static_cast<double>(counters.connections_refused)))) +
         row("Ended for what their client did", value("ended", reasons_text(counters.connections_ended))) +
         row("Requests answered without a handler", count_text(static_cast<double>(counters.calls_refused))) +
         row("Calls lent between workers",
             count_text(static_cast<double>(counters.calls_lent + counters.guests_lent))) +
         "</dl></div></section>";
}

std::string replaced(std::string_view text, std::string_view mark, std::string_view with) {
  std::string out;
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark)) {
    out.append(text.substr(0, at)).append(with);
    text.remove_prefix(at + mark.size());
  }
  return out.append(text);
}

}  // namespace

std::string status_page(const View& view, std::string_view nonce) {
  Facts facts{view.counters(), observe::process_facts(), 1};
  const std::chrono::duration<double> up = std::chrono::system_clock::now() - view.started;
  facts.seconds = std::max(1.0, up.count());
  const std::string content = header(view, facts) + "<main>" + tiles(facts) + limits(view, facts) +
                              "<div class=\"live-only rows\" style=\"margin:22px 0 -22px\"><input id=\"filter\" "
                              "type=\"search\" placeholder=\"Filter methods\" aria-label=\"Filter methods\"></div>" +
                              methods(facts) + (view.trials != nullptr ? try_form() : "") + modules(facts) +
                              lines(view) + connections(facts) +
                              "</main><footer>Times are right within 5 %. <a href=\"metrics\">/metrics</a> · <a "
                              "href=\"status.json\">/status.json</a></footer>";
  // The content last: what it says is no mark.
  const std::size_t mark = page_html.find("{{content}}");
  return replaced(page_html.substr(0, mark), "{{nonce}}", nonce) + content +
         replaced(page_html.substr(mark + sizeof "{{content}}" - 1), "{{nonce}}", nonce);
}

}  // namespace wasm_grpc::admin
