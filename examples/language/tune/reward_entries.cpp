#include "reward_entries.hpp"

#include <cohort/backend/eigen.hpp>
#include <cohort/language/reward/model_reward.hpp>

#include "model_source.hpp"

namespace tuning {

namespace {

using namespace cohort;
using machine = eigen::backend;

/// A reward model with a backend of its own.
class model_on_a_machine {
 public:
  model_on_a_machine(std::filesystem::path const& folder, language::load_options const& o)
      : cpu_(std::make_shared<machine>()), reward_(*cpu_, folder, o) {}
  std::optional<double> operator()(completion<language::data_row> const& c) const { return reward_(c); }
  std::vector<std::optional<double>> batch(std::span<completion<language::data_row> const> all) const {
    return reward_.batch(all);
  }

 private:
  std::shared_ptr<machine> cpu_;
  language::model_reward<machine> reward_;
};

any_reward<language::data_row> make_model(language::reward_settings& s) {
  std::string const path = s.word("path", ""), type = s.word("type", "");
  if (path.empty()) throw value_error("reward '" + s.text() + "' lacks its path: " + s.name() + ":path=FOLDER");
  auto const asked = program::written_type(type);
  if (!asked && !type.empty())
    throw detail::unknown_name("reward '" + s.text() + "'", "type", type, {"f32", "f16", "bf16", "q8_0"});
  return model_on_a_machine(path, {.type = asked});
}

}  // namespace

std::span<language::reward_entry const> own_rewards() {
  static std::vector<language::reward_entry> const all{
      {"model", "the score of a reward model (path=FOLDER, type=f16: f32, bf16, q8_0, its files' own)", "",
       make_model}};
  return all;
}

}  // namespace tuning
