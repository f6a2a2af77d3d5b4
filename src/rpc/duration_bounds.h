// The buckets that durations are counted in.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace wasm_grpc::rpc {

/// The bounds: 2^(i/16) seconds, as in Prometheus' native histograms of schema 4 and OpenTelemetry's exponential ones
/// of scale 4, and between them those that dashboards ask for by name. What is counted lies above a bound and at most
/// at the next.
struct DurationBounds {
  static constexpr int first_octave = -20;       // from 2^-20 s, a microsecond
  static constexpr std::size_t octaves = 32;     // to 2^12 s, more than an hour
  static constexpr std::size_t steps = 16;       // of an octave
  static constexpr std::size_t most_cells = 18;  // of an octave: its steps, some of which are split in two

  /// The bounds of go-grpc's histogram (.005 to 10 s) and OpenTelemetry's (.075, .75 and 7.5 besides), and the same
  /// series below them, since most guests answer in less than a millisecond.
  static constexpr std::array<std::uint64_t, 22> named_nanoseconds{
      10'000,      25'000,        50'000,        100'000,       250'000,       500'000,       1'000'000,   2'500'000,
      5'000'000,   10'000'000,    25'000'000,    50'000'000,    75'000'000,    100'000'000,   250'000'000, 500'000'000,
      750'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 7'500'000'000, 10'000'000'000};

  /// 2^(i/16).
  static constexpr std::array<double, steps + 1> step_bounds{1.0,
                                                             1.0442737824274138,
                                                             1.0905077326652577,
                                                             1.1387886347566916,
                                                             1.189207115002721,
                                                             1.241857812073484,
                                                             1.2968395546510096,
                                                             1.3542555469368927,
                                                             1.4142135623730951,
                                                             1.4768261459394993,
                                                             1.5422108254079407,
                                                             1.6104903319492543,
                                                             1.681792830507429,
                                                             1.7562521603732995,
                                                             1.8340080864093424,
                                                             1.9152065613971474,
                                                             2.0};

  /// Where a duration is counted.
  struct Place {
    int octave = 0;  // below 0: at most 2^first_octave seconds; `octaves`: more than the last bound
    std::size_t cell = 0;
  };
  [[nodiscard]] static Place find(std::uint64_t nanoseconds) noexcept;
  /// The upper bound of a cell in seconds; of one that its octave has not, the octave's.
  [[nodiscard]] static double upper(std::size_t octave, std::size_t cell) noexcept;
};

namespace duration_tables {

inline constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

constexpr double power_of_two(int exponent) {
  double value = 1;
  for (; exponent > 0; --exponent) value *= 2;
  for (; exponent < 0; ++exponent) value /= 2;
  return value;
}

struct Tables {
  static constexpr std::size_t size = DurationBounds::octaves * DurationBounds::steps;
  std::array<std::uint64_t, size> split{};  // the bound within the step, in nanoseconds; none where there is none
  std::array<std::uint8_t, size> cell{};    // of the step's lower part
  std::array<std::array<double, DurationBounds::most_cells>, DurationBounds::octaves> upper{};
  std::array<std::uint8_t, 128> by_mantissa{};  // how many bounds lie below 1 + i/128
};

constexpr Tables make() {
  using B = DurationBounds;
  Tables tables;
  for (std::size_t octave = 0; octave < B::octaves; ++octave) {
    const double begin = power_of_two(B::first_octave + static_cast<int>(octave));
    std::size_t cell = 0;
    for (std::size_t step = 0; step < B::steps; ++step) {
      const std::size_t index = octave * B::steps + step;
      tables.split[index] = none;
      tables.cell[index] = static_cast<std::uint8_t>(cell);
      const double low = begin * B::step_bounds[step], high = begin * B::step_bounds[step + 1];
      for (const std::uint64_t named : B::named_nanoseconds) {
        const double seconds = static_cast<double>(named) / 1e9;
        if (seconds > low && seconds < high) {
          tables.split[index] = named;
          tables.upper[octave][cell++] = seconds;
        }
      }
      tables.upper[octave][cell++] = high;
    }
    for (; cell < B::most_cells; ++cell) tables.upper[octave][cell] = 2 * begin;
  }
  for (std::size_t i = 0; i < tables.by_mantissa.size(); ++i) {
    const double low = 1.0 + static_cast<double>(i) / static_cast<double>(tables.by_mantissa.size());
    std::uint8_t below = 0;
    while (below < B::steps && B::step_bounds[below] < low) ++below;
    tables.by_mantissa[i] = below;
  }
  return tables;
}

inline constexpr Tables tables = make();

}  // namespace duration_tables

inline DurationBounds::Place DurationBounds::find(std::uint64_t nanoseconds) noexcept {
  using duration_tables::tables;
  if (nanoseconds == 0) return {-1, 0};
  // By its exponent the octave, by the first bits of its mantissa the step, or the one before.
  const auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(nanoseconds) * 1e-9);
  constexpr int mantissa_bits = 52, exponent_bias = 1023, looked_up = 7;
  constexpr std::uint64_t mantissa_mask = (std::uint64_t{1} << mantissa_bits) - 1;
  const int exponent = static_cast<int>(bits >> mantissa_bits) - exponent_bias;
  const double mantissa =
      std::bit_cast<double>((bits & mantissa_mask) | (std::uint64_t{exponent_bias} << mantissa_bits));
  const std::size_t below = tables.by_mantissa[(bits & mantissa_mask) >> (mantissa_bits - looked_up)];
  const int step = static_cast<int>(below) + (mantissa > step_bounds[below] ? 1 : 0) - 1;
  const int index = (exponent - first_octave) * static_cast<int>(steps) + step;
  if (index < 0) return {-1, 0};
  if (index >= static_cast<int>(duration_tables::Tables::size)) return {static_cast<int>(octaves), 0};
  const auto at = static_cast<std::size_t>(index);
  return {index / static_cast<int>(steps), tables.cell[at] + (nanoseconds > tables.split[at] ? std::size_t{1} : 0)};
}

inline double DurationBounds::upper(std::size_t octave, std::size_t cell) noexcept {
  return duration_tables::tables.upper[octave][cell];
}

}  // namespace wasm_grpc::rpc
