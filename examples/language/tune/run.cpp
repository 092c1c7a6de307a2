#include "run_of.hpp"

namespace tuning {

namespace {

using namespace cohort;

/// All parameters of a model.
struct whole {
  using policy = language_model<machine>;
  static policy made(machine& cpu, settings const& s, model_source const& source) {
    policy model(cpu, source.options(), random_seed{}, {.initial_std = 0, .rows_per_pass = s.rows});
    source.read({model.parameters().data, std::size_t(model.parameters().size())});
    return model;
  }
  static std::string write(machine&, policy const& model, settings const& s, model_source const& source,
                           std::filesystem::path const& folder) {
    source.write(folder, {model.parameters().data, std::size_t(model.parameters().size())}, s.type);
    return "the model is " + (folder / source.name()).string();
  }
};

}  // namespace

token_sampler sampler_of(settings const& s) {
  return {.temperature = s.temperature, .top_k = s.top_k, .top_p = s.top_p};
}

std::unique_ptr<any_run> make_run(settings const& s, model_source const& source, language::data_task const& task) {
  if (s.how == method::reward) return reward_run(s, source, task);
  return s.lora > 0 ? adapter_run(s, source, task) : run_with<whole>(s, source, task);
}

}  // namespace tuning
