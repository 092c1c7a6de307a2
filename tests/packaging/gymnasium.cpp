#include <cohort/gymnasium/make.hpp>

#include <cstring>
#include <iostream>

// With or without Gymnasium in the Python of this machine: an environment, or a sentence that says what is missing.
int main() {
  try {
    auto const made = cohort::gymnasium::make("CartPole-v1");
    return made.of<cohort::discrete>().max_episode_steps == 500 ? 0 : 1;
  } catch (cohort::environment_error const& fault) {
    std::cout << fault.what() << '\n';
    return std::strstr(fault.what(), "gymnasium") != nullptr ? 0 : 1;
  }
}
