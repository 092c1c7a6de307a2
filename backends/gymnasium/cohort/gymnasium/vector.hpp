#pragma once
#include <algorithm>
#include <array>
#include <cohort/environment/autoreset.hpp>
#include <cohort/gymnasium/spaces.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::gymnasium {

namespace detail {

/// N lanes of Gymnasium's that are stepped in one call of Python's.
template <class Number>
class lanes_in_python {
 public:
  lanes_in_python(std::shared_ptr<bridge> b, int lanes) : bridge_(std::move(b)), lanes_(lanes) {
    inside([&] {
      envs_ = bridge_->self().attr("take_lanes")(lanes);
      auto const name = py::cast<std::string>(bridge_->self().attr("autoreset_mode"));
      mode_ = name == "NEXT_STEP"   ? autoreset::next_step
              : name == "SAME_STEP" ? autoreset::same_step
                                    : autoreset::disabled;
    });
    sound_ = true;
  }
  lanes_in_python(lanes_in_python const&) = delete;
  lanes_in_python& operator=(lanes_in_python const&) = delete;
  ~lanes_in_python() {
    python_lock lock;
    try {
      if (sound_) bridge_->self().attr("give_lanes")(envs_());
    } catch (py::error_already_set&) {  // it is not used again
    }
  }

  /// Who begins a lane's episodes, all but the first.
  autoreset autoreset_mode() const { return mode_; }
  /// New episodes of seeds that are drawn, where `which` says so.
  void reset(std::span<random_stream> draws, std::span<std::uint8_t const> which) {
    bool const all = std::ranges::all_of(which, [](auto flag) { return flag != 0; });
    act([&] {
      py::object some = py::none();
      py::list list;
      for (auto& lane : draws) list.append(lane.word() >> 1);  // of 31 bits, which all of them take
      if (!all) {
        py::array_t<bool> mask(std::vector<py::ssize_t>{lanes_});  // by a shape: see instance::one_hot
        std::ranges::copy(which, mask.mutable_data());
        some = mask;
      }
      see(fresh_, bridge_->self().attr("reset_lanes")(envs_(), list, some));
    });
  }
  void step(std::span<Number const> actions) {
    ++steps_;
    act([&] {
      py::tuple const all = bridge_->self().attr("step_lanes")(envs_(), batch(actions));
      see(seen_, all[0]), see(fresh_, all[4]);
      auto put = [&]<class T>(std::vector<T>& to, py::handle from) {
        auto const array = py::cast<py::array_t<T, py::array::c_style | py::array::forcecast>>(from);
        to.assign(array.data(), array.data() + array.size());
      };
      put(reward, all[1]), put(terminated, all[2]), put(truncated, all[3]);
    });
  }

  std::vector<double> reward;
  std::vector<std::uint8_t> terminated, truncated;
  /// What each lane's last step showed, and what it shows after a reset.
  std::span<float const> seen() const { return seen_; }
  std::span<float const> fresh() const { return fresh_; }

 private:
  template <class F>
  void inside(F const& f) const {
    in_python([&] { return bridge_->name + ", step " + std::to_string(steps_) + " of its lanes"; }, f);
  }
  template <class F>
  void act(F const& f) {
    sound_ = false;
    inside(f);
    sound_ = true;
  }
  py::object batch(std::span<Number const> actions) const {
    using element = std::conditional_t<std::is_same_v<Number, float>, float, std::int64_t>;
    std::vector<std::ptrdiff_t> shape{lanes_};
    if (bridge_->kind != "Discrete")
      shape.insert(shape.end(), bridge_->action_shape.begin(), bridge_->action_shape.end());
    py::array_t<element> all(shape);
    element* to = all.mutable_data();
    for (std::size_t i = 0; i < actions.size(); ++i) {
      to[i] = element(actions[i]);
      if constexpr (!std::is_same_v<Number, float>) to[i] += bridge_->first_choice[i % bridge_->action_size];
    }
    if (bridge_->kind == "Discrete" || all.dtype().is(bridge_->action_type())) return all;
    return all.attr("astype")(bridge_->action_type());
  }
  void see(std::vector<float>& to, py::handle given) {
    auto const rows = py::cast<py::array_t<float, py::array::c_style | py::array::forcecast>>(given);
    to.assign(rows.data(), rows.data() + rows.size());
  }

  std::shared_ptr<bridge> bridge_;
  int lanes_;
  autoreset mode_ = autoreset::disabled;
  python_object envs_;
  std::vector<float> seen_, fresh_;
  std::int64_t steps_ = 0;
  bool sound_ = false;  ///< what an exception left is not used again
};

}  // namespace detail

/// Environments of Gymnasium's make_vec: all lanes are stepped in one call of Python's, as simulators do that have them
/// on a GPU or in numpy. `make_vec` (gymnasium/make.hpp) gives it. Their states can be neither copied nor saved, so it
/// is PPO's (`lanes`); whole episodes (`evaluate`) have lanes of their own. Lanes are reset in the mode DISABLED, by a
/// mask, where they can be, else in their own; `max_episode_steps` is what Gymnasium registered, and cuts by itself.
template <class Actions>
class environments : public detail::spaces<Actions> {
 public:
  using Number = cohort::detail::plain_number_of<Actions>;
  /// One lane by itself. It is the only one of its kind: a copy of it cannot be stepped.
  class state {
    friend class environments;
    std::shared_ptr<detail::lanes_in_python<Number>> held_;
    bool begun_ = false;
  };

  explicit environments(std::shared_ptr<detail::bridge> b)
      : detail::spaces<Actions>(*b), max_episode_steps(b->limit()), bridge_(std::move(b)) {}

  int max_episode_steps = 0;

  auto lanes_together(int count) const { return std::make_shared<detail::lanes_in_python<Number>>(bridge_, count); }
  state reset(random_stream& draws) const {
    state s;
    s.held_ = lanes_together(1);
    s.held_->reset({&draws, 1}, std::array<std::uint8_t, 1>{1});
    return s;
  }
  template <class Action>
  outcome step(state& s, Action const& action) const {
    auto const numbers = this->checked(*bridge_, action);
    if (!s.held_ || s.held_.use_count() > 1)
      throw environment_error(bridge_->name + ": lanes of make_vec cannot be copied");
    s.held_->step(numbers);
    s.begun_ = true;
    return {s.held_->reward[0], s.held_->terminated[0] != 0, s.held_->truncated[0] != 0};
  }
  std::span<float const> observe(state const& s) const { return s.begun_ ? s.held_->seen() : s.held_->fresh(); }
  void require_actions(std::span<Number const> numbers) const { this->require_action(*bridge_, numbers); }
  void require_copies() const {
    throw environment_error(bridge_->name +
                            " cannot be copied in mid-episode, which groups, probes and vine need: it is of "
                            "make_vec, expected one of gymnasium::make");
  }
  std::string const& name() const { return bridge_->name; }

 private:
  std::shared_ptr<detail::bridge> bridge_;
};

}  // namespace COHORT_NAMESPACE::gymnasium
