// Any bytes, as they are and with the checksum that they should have, are a policy and a run that can be gone on with,
// or are refused.
#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>

#include "../support/sealed.hpp"
#include "input.hpp"
#include "short_ppo.hpp"

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static eigen::backend cpu({.threads = 1});
  static actor_critic policy{cpu, classic_control::cart_pole{}, {.hidden = {4}}, random_seed{1}};
  static training run{cpu, fuzz::short_ppo, classic_control::cart_pole{}, policy, {.steps = 1'000, .seed = 2}};
  static auto const fresh = copy_out(cpu, run);
  std::string const given(reinterpret_cast<char const*>(data), size);
  for (auto const& text : {given, sealed(given)}) {
    auto const bytes = std::as_bytes(std::span(text));
    try {
      load(cpu, policy, bytes);
    } catch (io_error const&) {
    } catch (value_error const&) {
    }
    try {
      load(cpu, run, bytes);
      fuzz::require(copy_out(cpu, run) == file::read_state(bytes).state);
      run.step();
    } catch (cohort_error const&) {
    }
    copy_in(cpu, run, fresh);
  }
  return 0;
}
