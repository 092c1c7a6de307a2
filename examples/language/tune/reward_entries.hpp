#pragma once
#include <cohort/language/data/named_rewards.hpp>

namespace tuning {

/// The rewards by name that only programs have, since they need a backend: model.
std::span<cohort::language::reward_entry const> own_rewards();

}  // namespace tuning
