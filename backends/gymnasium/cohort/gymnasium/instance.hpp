#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/gymnasium/bridge.hpp>
#include <cohort/gymnasium/rendering.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::gymnasium {
namespace detail {

/// An environment of Python's in the course of an episode.
template <class Number>
class episode {
 public:
  virtual ~episode() = default;
  virtual std::shared_ptr<episode> copy() = 0;
  virtual outcome step(std::span<Number const> action) = 0;
  virtual std::vector<std::byte> bytes() const = 0;
  virtual picture::pixels render() const = 0;
  std::span<float const> observation() const { return observation_; }

 protected:
  std::span<float const> observation_;
};

/// One in this process, and how it came there: the seed, and the actions since.
template <class Number>
class instance : public episode<Number> {
 public:
  /// Of an instance that nothing else uses, a new episode.
  instance(std::shared_ptr<bridge> b, std::uint32_t seed) : bridge_(std::move(b)), seed_(seed) {
    auto const place = [&] { return where(); };
    in_python(place, [&] {
      hold(bridge_->take()());
      py::object const first = env_().attr("reset")(py::arg("seed") = seed);
      if (!PyTuple_Check(first.ptr()) || PyTuple_GET_SIZE(first.ptr()) != 2)
        fail("reset", first, "(observation, info)");
      see(PyTuple_GET_ITEM(first.ptr(), 0));
    });
    sound_ = true;
  }
  /// A copy, in the way that was proved.
  instance(instance& other) : bridge_(other.bridge_), seed_(other.seed_), actions_(other.actions_), over_(other.over_) {
    std::string const way = bridge_->way();
    auto const place = [&] { return where() + ", while it is copied"; };
    in_python(place, [&] {
      if (way == "replay") {
        hold(bridge_->take()());
        env_().attr("reset")(py::arg("seed") = seed_);
        auto const A = bridge_->action_size;
        for (std::size_t i = 0; i < actions_.size(); i += A) call(std::span<Number const>(actions_).subspan(i, A));
        bridge_->replayed += other.steps_;
      } else {
        hold(bridge_->self().attr("copy")(other.env_()));
      }
      steps_ = other.steps_, observation_ = other.observation_;
      seen_ = py::reinterpret_borrow<py::object>(other.seen_());
    });
    sound_ = true;
  }
  std::shared_ptr<episode<Number>> copy() override { return std::make_shared<instance>(*this); }
  ~instance() override {
    python_lock lock;
    auto const given =
        py::reinterpret_steal<py::object>(sound_ ? PyObject_CallOneArg(bridge_->give().ptr(), env_().ptr()) : nullptr);
    if (!given) PyErr_Clear();
  }
  instance& operator=(instance const&) = delete;

  outcome step(std::span<Number const> action) override {
    if (over_) return {.reward = 0, .terminated = true};
    ++steps_;
    sound_ = false;
    outcome out;
    auto const place = [&] { return where(); };
    in_python(place, [&] {
      py::object const result = call(action);
      if (!PyTuple_Check(result.ptr()) || PyTuple_GET_SIZE(result.ptr()) != 5)
        fail("step", result, "(observation, reward, terminated, truncated, info)");
      PyObject* const* part = &PyTuple_GET_ITEM(result.ptr(), 0);
      see(part[0]);
      out.reward = PyFloat_AsDouble(part[1]);
      if (out.reward == -1 && PyErr_Occurred()) {
        PyErr_Clear();
        fail("the reward", part[1], "a number");
      }
      if (!std::isfinite(out.reward)) fail("the reward", part[1], "a finite number");
      out.terminated = truth("terminated", part[2]);
      out.truncated = truth("truncated", part[3]);
    });
    actions_.insert(actions_.end(), action.begin(), action.end());
    over_ = out.terminated || out.truncated;
    sound_ = true;
    return out;
  }
  picture::pixels render() const override {
    auto const place = [&] { return where() + ", while it is rendered"; };
    return in_python(place, [&] { return rendered(env_(), where()); });
  }
  std::vector<std::byte> bytes() const override {
    bridge_->require_replay();
    std::vector<std::byte> all;
    auto put = [&](auto const& numbers) {
      auto const bytes = std::as_bytes(std::span(numbers));
      all.insert(all.end(), bytes.begin(), bytes.end());
    };
    put(std::array{std::uint64_t(seed_), std::uint64_t(steps_)});
    put(actions_), put(observation_);
    return all;
  }
  /// What `bytes` gave: replayed, and compared with what was seen then.
  static std::shared_ptr<instance> from(std::shared_ptr<bridge> const& b, std::span<std::byte const> bytes,
                                        std::size_t D) {
    std::array<std::uint64_t, 2> head{};
    bool whole = bytes.size() >= sizeof head;
    if (whole) std::memcpy(head.data(), bytes.data(), sizeof head), bytes = bytes.subspan(sizeof head);
    auto const [seed, steps] = head;
    std::size_t const A = b->action_size, action_bytes = A * sizeof(Number), seen_bytes = D * sizeof(float);
    whole = whole && bytes.size() >= seen_bytes && steps <= bytes.size() / action_bytes &&
            bytes.size() == steps * action_bytes + seen_bytes;
    if (!whole)
      throw value_error(b->name + ": a saved episode has other bytes than its seed, its actions and what was seen");
    std::vector<Number> actions(A);
    std::vector<float> seen(D);
    std::memcpy(seen.data(), bytes.data() + steps * action_bytes, seen_bytes);
    auto made = std::make_shared<instance>(b, std::uint32_t(seed));
    for (; !bytes.subspan(seen_bytes).empty(); bytes = bytes.subspan(action_bytes)) {
      std::memcpy(actions.data(), bytes.data(), action_bytes);
      made->step(std::span<Number const>(actions));
    }
    b->replayed += std::int64_t(steps);
    if (made->steps_ != std::int64_t(steps) || std::memcmp(seen.data(), made->observation_.data(), seen_bytes) != 0)
      throw environment_error(made->where() +
                              ": the saved episode, played again by its seed and actions, shows something "
                              "else than when it was saved; expected the same environment, in the same versions");
    return made;
  }

 private:
  std::string where() const {
    return bridge_->name + ", step " + std::to_string(steps_) + " of the episode of seed " + std::to_string(seed_);
  }
  void hold(py::object env) {
    env_ = std::move(env);
    step_ = env_().attr("step");
  }
  py::object call(std::span<Number const> numbers) {
    py::object const action = bridge_->action_of(numbers);
    PyObject* arguments[] = {nullptr, action.ptr()};
    PyObject* result = PyObject_Vectorcall(step_().ptr(), arguments + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
    if (!result) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(result);
  }
  [[noreturn]] void fail(char const* what, py::handle given, std::string const& expected) const {
    std::string text = py::cast<std::string>(py::repr(given));
    if (text.size() > 200) text = text.substr(0, 200) + "...";
    throw environment_error(where() + ": " + what + " is " + text + " of type " +
                            py::cast<std::string>(py::str(py::type::of(given).attr("__name__"))) + ", expected " +
                            expected);
  }
  bool truth(char const* what, py::handle given) const {
    if (given.ptr() == Py_True) return true;
    if (given.ptr() == Py_False) return false;
    if (!py::isinstance(given, bridge_->bool_type())) fail(what, given, "True or False");
    return PyObject_IsTrue(given.ptr()) == 1;
  }
  /// An array of float32 is read where it lies, any other observation as numpy converts it.
  void see(py::handle given) {
    using float_array = py::array_t<float, py::array::c_style | py::array::forcecast>;
    py::object shown = py::reinterpret_borrow<py::object>(given);
    bool finite = false;
    if (bridge_->choices_shown > 0) shown = one_hot(given), finite = true;
    else if (!bridge_->plain) shown = bridge_->self().attr("flat")(shown);
    else if (!py::isinstance<py::array>(shown)) fail("the observation", given, "a numpy array");
    auto numbers = py::reinterpret_borrow<py::array>(shown);
    auto const& shape = bridge_->observation_shape;
    if (!std::equal(shape.begin(), shape.end(), numbers.shape(), numbers.shape() + numbers.ndim()))
      fail("the observation", given, "the shape of " + py::cast<std::string>(py::str(bridge_->observation_space())));
    if (!numbers.dtype().is(bridge_->float32()) || !(numbers.flags() & py::array::c_style)) {
      char const kind = numbers.dtype().kind();
      if (std::string_view("biuf").find(kind) == std::string_view::npos) fail("the observation", given, "numbers");
      numbers = float_array(numbers);
      finite = kind != 'f';
    }
    auto const first = static_cast<float const*>(numbers.data());
    float zero = 0;  // or NaN
    for (py::ssize_t d = 0; !finite && d < numbers.size(); ++d) zero += first[d] * 0;
    if (zero != 0) fail("the observation", given, "finite numbers");
    seen_ = numbers;
    observation_ = {first, std::size_t(numbers.size())};
  }
  py::object one_hot(py::handle given) {
    py::ssize_t const n = bridge_->choices_shown;
    auto const index = py::reinterpret_steal<py::object>(PyNumber_Index(given.ptr()));
    if (!index) PyErr_Clear();
    auto const choice = index ? PyLong_AsLongLong(index.ptr()) - bridge_->first_shown : -1;
    if (choice < 0 || choice >= n)
      fail("the observation", given, "a value of " + py::cast<std::string>(py::str(bridge_->observation_space())));
    // By a shape: by a count, pybind11 2.10 asks numpy 2 for the size of a number where that is no longer.
    py::array_t<float> numbers(std::vector<py::ssize_t>{n});
    std::fill_n(numbers.mutable_data(), n, 0.f);
    numbers.mutable_data()[choice] = 1;
    return numbers;
  }

  std::shared_ptr<bridge> bridge_;
  using episode<Number>::observation_;
  python_object env_, step_, seen_;
  std::uint32_t seed_;
  std::vector<Number> actions_;
  std::int64_t steps_ = 0;
  bool over_ = false, sound_ = false;  ///< an instance that an exception left is not used again
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE::gymnasium
