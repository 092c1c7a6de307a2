#pragma once
// Every wrapper: an environment around another one.
#include <cohort/environment/wrapper/action_box.hpp>
#include <cohort/environment/wrapper/action_repeat.hpp>
#include <cohort/environment/wrapper/discretized_actions.hpp>
#include <cohort/environment/wrapper/domain_randomization.hpp>
#include <cohort/environment/wrapper/episode_statistics.hpp>
#include <cohort/environment/wrapper/frame_stack.hpp>
#include <cohort/environment/wrapper/nan_guard.hpp>
#include <cohort/environment/wrapper/observation_clip.hpp>
#include <cohort/environment/wrapper/on_host.hpp>
#include <cohort/environment/wrapper/on_threads.hpp>
#include <cohort/environment/wrapper/reward_formula.hpp>
#include <cohort/environment/wrapper/sticky_actions.hpp>
