#pragma once
// Every family of language models.
#include <cohort/language/family/llama.hpp>
#include <cohort/language/family/mistral.hpp>
#include <cohort/language/family/qwen2.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

using families = std::tuple<language::family::llama, language::family::mistral, language::family::qwen2>;

}  // namespace COHORT_NAMESPACE::catalogue
