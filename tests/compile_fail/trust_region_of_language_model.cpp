// expect: a trust_region needs the Fisher information of the policy, which this one does not give: actor and actor_critic do
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>

struct task {
  struct row {};
  row draw(cohort::random_stream&) const { return {}; }
  std::vector<std::int32_t> prompt(row const&) const { return {1}; }
  double score(row const&, std::span<std::int32_t const>, bool) const { return 0; }
  std::int32_t stop() const { return 0; }
};

int main() {
  using namespace cohort;
  eigen::backend cpu;
  language_model model{cpu, decoder_options{.vocabulary = 4, .hidden = 4, .intermediate = 4, .layers = 1, .heads = 1},
                       random_seed{1}};
#ifdef CONTROL
  auto how = update{};
#else
  auto how = trust_region{};
#endif
  train(cpu,
        algorithm{.rollout = completions{}, .advantage = group_relative{}, .objective = clipped_ratio{}, .update = how},
        task{}, model, {.updates = 1});
}
