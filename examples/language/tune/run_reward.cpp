#include <cohort/language/files/reward_files.hpp>
#include <cohort/objective/bradley_terry.hpp>

#include "../../program/exit_status.hpp"
#include "run_of.hpp"

namespace tuning {

namespace {

using namespace cohort;

/// Numbers of a model: those of its decoder, and those of its score.
template <class T>
std::span<T> decoder_of(view<T> all, std::ptrdiff_t hidden) {
  return {all.data, std::size_t(all.size() - hidden)};
}
template <class T>
std::span<T> score_of(view<T> all, std::ptrdiff_t hidden) {
  return {all.data + all.size() - hidden, std::size_t(hidden)};
}

/// A decoder with a score, which starts at 0 unless the source is a reward model.
struct scoring {
  using policy = language_model_with_value<machine>;
  static policy made(machine& cpu, settings const& s, model_source const& source) {
    policy model(cpu, language::read_reward_config(source.path()), random_seed{},
                 {.initial_std = 0, .rows_per_pass = s.rows, .value_bias = false});
    std::ptrdiff_t const hidden = model.options().hidden;
    language::read_reward_parameters<float>(source.path(), model.options(), decoder_of(model.parameters(), hidden),
                                            score_of(model.parameters(), hidden));
    return model;
  }
  static std::string write(machine&, policy const& model, settings const& s, model_source const& source,
                           std::filesystem::path const& folder) {
    std::ptrdiff_t const hidden = model.options().hidden;
    auto const all = model.parameters();
    language::write_reward_model_like<float>(source.path(), folder / source.name(), decoder_of(all, hidden),
                                             score_of(all, hidden), program::written_type(s.type), existing::replace);
    return "the reward model is " + (folder / source.name()).string();
  }
};

}  // namespace

void require_folder(std::filesystem::path const& model) {
  if (std::filesystem::is_regular_file(model))
    throw program::usage_error("--model is '" + model.string() +
                               "', expected a folder as Hugging Face has it: a reward model is written as its source, "
                               "and GGUF files have no place for its score; cohort convert makes a folder of one");
}

std::unique_ptr<any_run> reward_run(settings const& s, model_source const& source, language::data_task const& task) {
  return run_of_parts<scoring>(s, source, task, preferences{s.prompts}, no_advantage{},
                               bradley_terry{.center = s.center});
}

}  // namespace tuning
