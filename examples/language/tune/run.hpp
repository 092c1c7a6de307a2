#pragma once
#include <cohort/checkpoint/folder.hpp>
#include <cohort/language/data/data_task.hpp>
#include <cohort/language/model/generate.hpp>
#include <cohort/language/model/lora_options.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model_source.hpp"
#include "settings.hpp"

namespace tuning {

/// A run of any method, without its types; what it trains is compiled in run.cpp alone.
class any_run {
 public:
  virtual ~any_run() = default;
  virtual bool step() = 0;
  virtual cohort::train_report const& report() const = 0;
  virtual void save(cohort::checkpoints& kept) = 0;
  virtual bool load_newest(cohort::checkpoints& kept) = 0;
  /// Writes what it has become into a folder, in the place of what it wrote before; says where.
  virtual std::string write(std::filesystem::path const& folder) = 0;
  virtual std::vector<cohort::generated<float>> generate(std::vector<std::vector<std::int32_t>> const& prompts,
                                                         cohort::generation_options const& how,
                                                         cohort::stream_id draws) = 0;
  /// ln of the probability of a completion, at temperature 1.
  virtual double log_probability(std::vector<std::int32_t> const& prompt,
                                 std::vector<std::int32_t> const& completion) = 0;
  /// Of a reward model: the value at the last step of a completion. NaN where there is no value head.
  virtual double score(std::vector<std::int32_t> const& prompt, std::vector<std::int32_t> const& completion) = 0;
  /// What it is made of, part by part.
  virtual std::string text() const = 0;
};

/// The task and the source must outlive it.
std::unique_ptr<any_run> make_run(settings const& s, model_source const& source,
                                  cohort::language::data_task const& task);

/// The same of adapters beside the model (--lora).
std::unique_ptr<any_run> adapter_run(settings const& s, model_source const& source,
                                     cohort::language::data_task const& task);
/// That of a reward model, by Bradley-Terry.
std::unique_ptr<any_run> reward_run(settings const& s, model_source const& source,
                                    cohort::language::data_task const& task);
/// Raises usage_error for a file from which a reward model is to be made.
void require_folder(std::filesystem::path const& model);
cohort::lora_options adapters_of(settings const& s);

/// How a run draws completions.
cohort::token_sampler sampler_of(settings const& s);

}  // namespace tuning
