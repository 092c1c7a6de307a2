#include <cohort/language/files/reward_files.hpp>
#include <cohort/objective/bradley_terry.hpp>

#include "../../program/exit_status.hpp"
#include "run_of.hpp"

namespace tuning {

namespace {

using namespace cohort;

/// A decoder with a score, which starts at 0 unless the source is a reward model.
struct scoring {
  using policy = language_model_with_value<machine>;
  static policy made(machine& cpu, settings const& s, model_source const& source) {
    policy model(cpu, language::read_reward_config(source.path()), random_seed{},
                 {.initial_std = 0, .rows_per_pass = s.rows, .value_bias = false});
    language::read_reward_parameters<float>(source.path(), model.options(), decoder_of(model), score_of(model));
    return model;
  }
  static std::string write(machine&, policy const& model, settings const& s, model_source const& source,
                           std::filesystem::path const& folder) {
    language::write_reward_model_like<float>(source.path(), folder / source.name(), decoder_of(model), score_of(model),
                                             source.asked_type(s.type), existing::replace);
    return "the reward model is " + (folder / source.name()).string();
  }

 private:
  static auto decoder_of(auto& model) {
    auto const all = model.parameters();
    return std::span(all.data, std::size_t(all.size() - model.options().hidden));
  }
  static auto score_of(auto& model) {
    auto const score = model.critic_part(model.parameters());
    return std::span(score.data, std::size_t(score.size()));
  }
};

}  // namespace

void require_folder(model_source const& source) {
  if (!std::filesystem::is_directory(source.path()))
    throw program::usage_error("--model is '" + source.path().string() +
                               "', expected a folder as Hugging Face has it: a reward model is written as its source, "
                               "and GGUF files have no place for its score; cohort convert makes a folder of one");
}

std::unique_ptr<any_run> reward_run(settings const& s, model_source const& source, language::data_task const& task) {
  return run_of_parts<scoring>(s, source, task, preferences{s.prompts}, no_advantage{},
                               bradley_terry{.center = s.center});
}

}  // namespace tuning
