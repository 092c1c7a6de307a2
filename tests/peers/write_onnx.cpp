// Writes an ONNX file of every distribution, and beside it NAME.txt: rows of an observation, with its action mask if
// there is one, and what the policy does in it. check_onnx.py reads them with the real packages.
//
//     write_onnx FOLDER
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/deploy/export_onnx.hpp>
#include <fstream>

#include "../support/spaces.hpp"

using namespace cohort;

namespace {

struct written {
  std::filesystem::path folder;
  eigen::backend cpu{};

  template <class Policy>
  void operator()(std::string const& name, Policy policy) {
    export_onnx(cpu, policy, folder / (name + ".onnx"));
    std::ofstream rows(folder / (name + ".txt"));
    rows.precision(9);
    auto const& spaces = policy.spaces();
    std::vector<float> seen(std::size_t(policy.observations()));
    std::size_t const D = spaces.observations.size();
    std::vector<typename Policy::action> done(std::size_t(policy.distribution().action_width()));
    random_stream draws(stream_id{7, draw_purpose::user});
    for (int row = 0; row < (seen.size() > D ? 300 : 64); ++row) {
      for (std::size_t d = 0; d < seen.size(); ++d)
        seen[d] = float(d < D ? draws.uniform(-1, 1) : draws.uniform(0, 1) < .6);
      policy.act_deterministic(cpu, view<float const>(seen.data(), 1, std::ptrdiff_t(seen.size())),
                               view(done.data(), 1, std::ptrdiff_t(done.size())));
      for (float x : seen) rows << x << ' ';
      rows << '|';
      for (std::size_t k = 0; k < spaces.actions.size(); ++k) rows << ' ' << done[k];
      rows << '\n';
    }
  }
};

}  // namespace

int main(int arguments, char** given) {
  if (arguments != 2) return 2;
  written write{given[1]};
  auto& cpu = write.cpu;
  network_options const decided{.policy_gain = 2};
  write("push", actor_critic{cpu, classic_control::cart_pole{}, decided, random_seed{3}});
  network_options const shared{
      .hidden = {9, 5}, .activation = activation::relu, .trunk = trunk::shared, .policy_gain = 2};
  write("shared", actor_critic{cpu, classic_control::cart_pole{}, shared, random_seed{3}});
  network const layers{side_by_side{columns{1, 2}, network{dense{4, activation::linear}, layer_norm{.epsilon = .01}}},
                       residual{dense{5, activation::relu}, dense{6, activation::linear}}, dense{4}};
  write("composed",
        actor{cpu, classic_control::pendulum{}, networks{.actor = layers, .policy_gain = 2}, random_seed{3}});
  write("no_hidden_layer", actor{cpu, classic_control::pendulum{}, {.hidden = {}, .policy_gain = 2}, random_seed{3}});
  auto normalized = decided;
  normalized.normalize_observations = running_normalization{.clip = 1};
  actor seen{cpu, classic_control::pendulum{}, normalized, random_seed{3}};
  std::vector<float> const some{.1f, .2f, -3, .4f, -.5f, 6, -.7f, .8f, 1};
  seen.observe(cpu, view<float const>(some.data(), 3, 3));
  write("normalized", std::move(seen));
  write("choices", actor{cpu, spaces::choices{}, decided, random_seed{3}});
  write("bits", actor{cpu, spaces::bits{}, decided, random_seed{3}});
  write("doors", actor{cpu, spaces::doors{}, decided, random_seed{3}});
  write("masked_choices", actor{cpu, spaces::masked_choices{}, decided, random_seed{3}});
  write("masked_bits", actor{cpu, spaces::masked_bits{}, decided, random_seed{3}});
  int number = 0;
  auto of_box = [&](auto model) {
    write("box" + std::to_string(number++), actor{cpu, spaces::numbers{}, model, decided, random_seed{3}});
  };
  std::apply([&](auto... model) { (of_box(model), ...); }, catalogue::action_models{});
}
