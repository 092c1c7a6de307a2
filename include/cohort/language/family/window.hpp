#pragma once
#include <algorithm>
#include <cohort/file/json.hpp>
#include <cohort/language/model/decoder_options.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Attention that looks back no further than the sliding_window of a file, which is 4096 where it says nothing. As long
/// as a series is no longer than it, nothing is cut off: so the window is the context here.
inline void limit_to_window(file::json_fields const& config, decoder_options& o) {
  int const of_a_file_without = 4096;
  o.context = std::min(o.context, config.has("sliding_window") ? config.positive("sliding_window") : of_a_file_without);
}

}  // namespace COHORT_NAMESPACE::language::family
