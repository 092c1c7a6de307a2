#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cohort/gymnasium/process.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::gymnasium::detail {

template <class Number>
class distant;

/// Processes among which the episodes of an environment are spread.
template <class Number>
class processes : public std::enable_shared_from_this<processes<Number>> {
 public:
  processes(std::shared_ptr<bridge> b, int count, double timeout) : bridge_(std::move(b)) {
    for (int k = 0; k < count; ++k) all_.push_back(std::make_unique<member>(bridge_, k, count, timeout));
  }
  std::shared_ptr<episode<Number>> start(std::uint32_t seed) {
    auto made = std::make_shared<distant<Number>>(this->shared_from_this(), least_used(), seed);
    made->ask(message().put(request::start).put(made->id()).put(seed));
    return made;
  }
  /// Of what an instance's `bytes` gave.
  std::shared_ptr<episode<Number>> load(std::span<std::byte const> bytes, std::size_t seen) {
    std::array<std::uint64_t, 2> head{};  // seed and steps, where the process does not find that they are missing
    std::memcpy(head.data(), bytes.data(), std::min(bytes.size(), sizeof head));
    auto made = std::make_shared<distant<Number>>(this->shared_from_this(), least_used(), head[0], head[1]);
    made->ask(message().put(request::load).put(made->id()).put(std::uint64_t(seen)).put_all(bytes));
    return made;
  }
  int count() const { return int(all_.size()); }

 private:
  friend class distant<Number>;
  struct member : process<Number> {
    using process<Number>::process;
    std::atomic<int> episodes = 0;
  };
  /// Which has the fewest episodes; counted as one that has one more.
  std::size_t least_used() {
    std::scoped_lock lock(choosing_);
    std::size_t least = 0;
    for (std::size_t k = 1; k < all_.size(); ++k)
      if (all_[k]->episodes < all_[least]->episodes) least = k;
    ++all_[least]->episodes;
    return least;
  }
  std::shared_ptr<bridge> bridge_;
  std::vector<std::unique_ptr<member>> all_;
  std::mutex choosing_;
  std::atomic<std::uint64_t> last_id_ = 0;
};

/// An episode whose instance is in another process; copies of it are made there.
template <class Number>
class distant : public episode<Number> {
 public:
  distant(std::shared_ptr<processes<Number>> of, std::size_t process, std::uint64_t seed, std::uint64_t steps = 0)
      : of_(std::move(of)), process_(process), id_(++of_->last_id_), seed_(seed), steps_(steps) {}
  distant(distant const&) = delete;
  distant& operator=(distant const&) = delete;
  ~distant() override { --at().episodes, at().drop(id_, life_); }

  std::uint64_t id() const { return id_; }
  std::shared_ptr<episode<Number>> copy() override {
    auto const way = of_->bridge_->way();
    ++at().episodes;
    auto made = std::make_shared<distant>(of_, process_, seed_, steps_);
    made->life_ = life_;
    made->ask(message().put(request::copy).put(made->id_).put(id_).put(way));
    return made;
  }
  outcome step(std::span<Number const> action) override {
    ++steps_;
    auto m = at().ask(message().put(request::step).put(id_).put_all(action), *this, life_);
    auto const result = m.template take<outcome>();
    see(m);
    return result;
  }
  std::vector<std::byte> bytes() const override {
    auto life = life_;
    auto m = at().ask(message().put(request::save).put(id_), *this, life);
    auto const all = m.rest();
    return {all.begin(), all.end()};
  }
  picture::pixels render() const override {
    auto life = life_;
    auto m = at().ask(message().put(request::render).put(id_), *this, life);
    picture::pixels shown{m.template take<int>(), m.template take<int>(), {}};
    shown.colors.resize(std::size_t(shown.width) * std::size_t(shown.height));
    m.take_all(std::span(shown.colors));
    return shown;
  }
  /// What makes it.
  void ask(message& asked) {
    auto m = at().ask(asked, *this, life_);
    see(m);
  }
  std::string operator()() const {
    return of_->bridge_->name + ", step " + std::to_string(steps_) + " of the episode of seed " + std::to_string(seed_);
  }

 private:
  typename processes<Number>::member& at() const { return *of_->all_[process_]; }
  void see(message& m) {
    of_->bridge_->replayed += m.template take<std::int64_t>();
    auto const bytes = m.rest();
    seen_.resize(bytes.size() / sizeof(float));
    std::memcpy(seen_.data(), bytes.data(), bytes.size());
    this->observation_ = seen_;
  }

  std::shared_ptr<processes<Number>> of_;
  std::size_t process_;
  std::optional<unsigned> life_;  ///< of the process
  std::uint64_t id_, seed_, steps_;
  std::vector<float> seen_;
};

}  // namespace COHORT_NAMESPACE::gymnasium::detail
