// Measures what Cohort does on a GPU, one part after the other:
//
//     device_bench [--small] PART...
//
// prints a line of JSON for each result (result.hpp), to the standard error one sentence for a part that fails, and
// goes on with the next. The exit status is 1 if one failed, 2 for a part that there is none of.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iterator>
#include <vector>

#include "part.hpp"

namespace {

struct part {
  char const* name;
  void (*run)(device_bench::request const&);
};
constexpr part parts[] = {{"machine", device_bench::machine},
                          {"copy", device_bench::copies},
                          {"cublas", device_bench::products},
                          {"objective", device_bench::objectives},
                          {"gae", device_bench::advantages},
                          {"sampling", device_bench::samples},
                          {"adam", device_bench::optimizer_steps},
                          {"cart_pole_speed", device_bench::cart_pole_speed},
                          {"cart_pole_time", device_bench::cart_pole_time},
                          {"generate", device_bench::generated_tokens},
                          {"train", device_bench::trained_tokens},
                          {"grpo", device_bench::grpo_steps}};

int refuse(char const* what) {
  std::fprintf(stderr, "device_bench: there is no part %s; the parts are", what);
  for (auto const& p : parts) std::fprintf(stderr, " %s", p.name);
  std::fprintf(stderr, "\n");
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  device_bench::request asked;
  std::vector<part> chosen;
  for (int i = 1; i < count; ++i) {
    auto const* found = std::find_if(std::begin(parts), std::end(parts),
                                     [&](part const& p) { return std::strcmp(p.name, arguments[i]) == 0; });
    if (std::strcmp(arguments[i], "--small") == 0) asked.small = true;
    else if (found == std::end(parts)) return refuse(arguments[i]);
    else chosen.push_back(*found);
  }
  if (chosen.empty()) return refuse("(none was named)");
  bool failed = false;
  for (auto const& p : chosen) try {
      p.run(asked);
    } catch (std::exception const& e) {
      std::fprintf(stderr, "device_bench %s: %s\n", p.name, e.what());
      failed = true;
    }
  return failed;
}
