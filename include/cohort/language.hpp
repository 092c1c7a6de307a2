#pragma once
// Everything for language models that needs only the standard library: models, samplers, tasks, rewards and rollouts.
// What reads and writes models is in cohort/language/files, tokenizers in cohort/language/tokenizer; both need
// cohort::language (nlohmann-json, RE2, PCRE2, utf8proc).
#include <cohort/compiler.hpp>  // first: it says where the compiler is too old
//
#include <cohort/cohort.hpp>
#include <cohort/language/model/decoder.hpp>
#include <cohort/language/model/generate.hpp>
#include <cohort/language/model/language_model.hpp>
#include <cohort/language/model/lora_model.hpp>
#include <cohort/language/model/reward_model.hpp>
#include <cohort/language/model/token_head.hpp>
#include <cohort/language/model/token_packing.hpp>
#include <cohort/language/reward/accuracy.hpp>
#include <cohort/language/reward/cosine_length.hpp>
#include <cohort/language/reward/length_target.hpp>
#include <cohort/language/reward/repetition.hpp>
#include <cohort/language/reward/rewards.hpp>
#include <cohort/language/reward/soft_overlong.hpp>
#include <cohort/language/reward/tag_count.hpp>
#include <cohort/language/rollout/completions.hpp>
#include <cohort/language/rollout/demonstrations.hpp>
#include <cohort/language/rollout/preferences.hpp>
#include <cohort/language/sampler/logit_edits.hpp>
#include <cohort/language/sampler/token_sampler.hpp>
#include <cohort/language/sampler/token_support.hpp>
#include <cohort/language/task/vocabulary.hpp>
