#include <cohort/language/files/adapter.hpp>
#include <cohort/language/files/load.hpp>

#include "run_of.hpp"

namespace tuning {

namespace {

using namespace cohort;

/// Adapters beside a model that stays as it lies in its files.
struct adapted {
  using policy = lora_model<machine>;
  static policy made(machine& cpu, settings const& s, model_source const& source) {
    return policy(cpu, language::load(cpu, source.path()), adapters_of(s), random_seed{s.seed},
                  {.rows_per_pass = s.rows});
  }
  static std::string write(machine& cpu, policy const& model, settings const& s, model_source const& source,
                           std::filesystem::path const& folder) {
    language::save_adapter(cpu, model, folder / "adapter",
                           {.base = std::filesystem::absolute(source.path()).string(), .what = existing::replace});
    std::string const said = "the adapters are " + (folder / "adapter").string();
    if (s.adapter_only) return said;
    source.write(folder, merged_model(cpu, model).parameters, s.type);
    return said + ", the model with them " + (folder / source.name()).string();
  }
};

}  // namespace

lora_options adapters_of(settings const& s) {
  return {.rank = s.lora, .alpha = s.lora_alpha > 0 ? s.lora_alpha : 2. * s.lora};
}

std::unique_ptr<any_run> adapter_run(settings const& s, model_source const& source, language::data_task const& task) {
  return run_with<adapted>(s, source, task);
}

}  // namespace tuning
