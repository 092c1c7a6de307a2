#pragma once
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/model_files.hpp>
#include <cohort/language/model/decoder.hpp>
#include <cohort/language/model/token_head.hpp>
#include <filesystem>
#include <span>

/// A language model from a folder of Hugging Face's Llama: a decoder, its head and its weights. A generator takes it as
/// it takes a language_model, which has a gradient besides.
template <class T>
class llama {
 public:
  using backend = cohort::eigen::basic_backend<T>;

  llama(backend& cpu, std::filesystem::path const& folder, cohort::decoder_options const& options)
      : network_(cpu, options), head_(256, options.logit_cap) {
    cpu.resize(parameters_, network_.parameters());
    cohort::language::read_parameters<T>(folder, options,
                                         std::span(parameters_.data(), std::size_t(parameters_.size())));
  }

  cohort::decoder_options const& options() const { return network_.options(); }
  cohort::decoder<backend>& network() { return network_; }
  cohort::token_head<backend>& head() { return head_; }
  cohort::view<T const> parameters() const { return parameters_.all(); }

 private:
  cohort::decoder<backend> network_;
  cohort::token_head<backend> head_;
  cohort::host_array<T> parameters_;
};
