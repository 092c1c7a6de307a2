#pragma once
#include <cohort/language/files/model_text.hpp>
#include <cohort/language/files/write_gguf.hpp>
#include <cohort/language/files/write_model.hpp>

#include "../model_options.hpp"

namespace tuning {

/// A model's files: what is trained is read from them, and what it has become is written as they are.
class model_source {
 public:
  explicit model_source(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code absent;
    if (std::filesystem::is_directory(path_, absent)) options_ = cohort::language::read_config(path_);
    else file_.emplace(path_), options_ = file_->options();
  }

  cohort::decoder_options const& options() const { return options_; }
  std::filesystem::path const& path() const { return path_; }
  /// Of the weights' files.
  double bytes() const {
    if (file_) return double(std::filesystem::file_size(path_));
    double sum = 0;
    for (auto const& entry : std::filesystem::directory_iterator(path_))
      if (entry.path().extension() == ".safetensors") sum += double(entry.file_size());
    return sum;
  }
  cohort::language::model_text text() const { return cohort::language::read_text(path_); }
  char const* name() const { return file_ ? "model.gguf" : "model"; }
  void read(std::span<float> to) const {
    if (file_) file_->read_parameters<float>(to);
    else cohort::language::read_parameters<float>(path_, options_, to);
  }

  /// As `name` in that folder; what is there is replaced when the new one is whole. `type` is empty for the files' own;
  /// a GGUF file in blocks that are not written (Q4_1, Q4_K, ...) becomes one in F16.
  void write(std::filesystem::path const& folder, std::span<float const> parameters, std::string const& type) const {
    auto const asked = program::written_type(type);
    if (!file_)
      return cohort::language::write_model_like<float>(path_, folder / name(), parameters, asked,
                                                       cohort::existing::replace);
    cohort::language::write_gguf<float>(folder / name(), options_, parameters,
                                        {.type = asked.value_or(type_in_file()),
                                         .stop_tokens = file_->stop_tokens(),
                                         .values = cohort::file::new_gguf_values{}.copy(file_->file(), "tokenizer."),
                                         .what = cohort::existing::replace});
  }

 private:
  cohort::stored_type type_in_file() const {
    using enum cohort::stored_type;
    auto const t = file_->file().tensor("blk.0.ffn_down.weight").type;
    return t == f32 || t == bf16 || t == q8_0 ? t : f16;
  }

  std::filesystem::path path_;
  std::optional<cohort::language::gguf_model> file_;
  cohort::decoder_options options_;
};

}  // namespace tuning
