// A program that says `using namespace cohort` keeps these names for itself.
#include <cohort/cohort.hpp>
#include <cohort/presets.hpp>
#if __has_include(<nlohmann/json.hpp>) && __has_include(<re2/re2.h>)
#include <cohort/language.hpp>
#endif

using namespace cohort;

#define NAMES(f)                                                                                                       \
  f(action) f(add) f(agent) f(apply) f(clip) f(column) f(config) f(copy) f(count) f(data) f(distance) f(error) f(fill) \
      f(find) f(history) f(learning_rate) f(load) f(logits) f(log_prob) f(loss) f(mean) f(metrics) f(model)            \
          f(multiply) f(named) f(normalize) f(observation) f(options) f(over) f(parse) f(pick) f(policy) f(print)      \
              f(range) f(rate) f(ratio) f(report) f(reset) f(result) f(reward) f(rollout) f(row) f(sample) f(save)     \
                  f(score) f(seed) f(size) f(softmax) f(split) f(state) f(step) f(sum) f(target) f(tokens) f(value)    \
                      f(variance) f(weight) f(zeros)

// At the global scope, where a name of Cohort's, if there were one, would make each of these ambiguous.
#define DEFINE(name) static int name = 1;
NAMES(DEFINE)
#define USE(name) +name

int count_of_names() { return 0 NAMES(USE); }
