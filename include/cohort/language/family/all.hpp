#pragma once
// Every family of language models.
#include <cohort/language/family/gemma.hpp>
#include <cohort/language/family/gemma2.hpp>
#include <cohort/language/family/gemma3.hpp>
#include <cohort/language/family/gpt2.hpp>
#include <cohort/language/family/llama.hpp>
#include <cohort/language/family/mistral.hpp>
#include <cohort/language/family/phi3.hpp>
#include <cohort/language/family/qwen2.hpp>
#include <cohort/language/family/qwen3.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

using families = std::tuple<language::family::llama, language::family::mistral, language::family::qwen2,
                            language::family::qwen3, language::family::gemma, language::family::gemma2,
                            language::family::gemma3, language::family::phi3, language::family::gpt2>;

}  // namespace COHORT_NAMESPACE::catalogue
