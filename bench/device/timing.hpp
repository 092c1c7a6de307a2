#pragma once
#include <algorithm>
#include <chrono>
#include <vector>

#include "device.hpp"

namespace device_bench {

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

/// Seconds of one call of f, which queues work on the device: the median over rounds of as many calls as last 20 ms,
/// each round between two waits for the device. Calls for 0.2 s before are not counted: they bring memory and clocks to
/// where they stay.
template <class F>
double seconds_of(device& gpu, request const& asked, F f) {
  auto round = [&](long calls) {
    gpu.synchronize();
    double start = seconds_now();
    for (long i = 0; i < calls; ++i) f();
    gpu.synchronize();
    return (seconds_now() - start) / double(calls);
  };
  double one = round(1);
  for (double start = seconds_now(); seconds_now() - start < asked.size(.2, 0.);) one = round(1);
  long calls = std::clamp(long(asked.size(.02, 0.) / one), 1l, 10'000l);
  std::vector<double> rounds(asked.size(11u, 3u));
  for (double& r : rounds) r = round(calls);
  return median(rounds);
}

}  // namespace device_bench
