#pragma once
#include <cohort/compiler.hpp>
#include <string>

namespace COHORT_NAMESPACE {

/// The white space that strict_format wants: each tag on a line of its own, as in the published format; none around
/// tags; or any.
enum class tag_space { lines, none, any };

/// The names of the two pairs of tags, without their brackets.
struct format_tags {
  std::string reasoning = "reasoning", answer = "answer";
  tag_space space = tag_space::lines;  ///< read by strict_format only
};

}  // namespace COHORT_NAMESPACE
