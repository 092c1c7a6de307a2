#pragma once
#include <unistd.h>
#include <csignal>

#include <cohort/gymnasium/instance.hpp>
#include <cohort/gymnasium/message.hpp>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

namespace COHORT_NAMESPACE::gymnasium::detail {

/// The process of some instances: does what it is asked for, until the one who asks is gone.
template <class Number>
class server {
 public:
  server(std::shared_ptr<bridge> b, int socket, int awake) : bridge_(std::move(b)), channel_(socket, awake) {}

  void run() {
    for (message asked; channel_.receive(asked) == channel::result::whole;) {
      auto const what = asked.take<request>();
      if (what == request::drop) {
        held_.erase(asked.take<std::uint64_t>());
        continue;
      }
      auto answered = answer(what, asked);
      if (!channel_.send(answered)) break;
    }
  }

 private:
  message answer(request what, message& asked) {
    message m;
    try {
      m.put(reply::done);
      done(what, asked, m);
      return m;
    } catch (python_error const& e) {
      return message().put(reply::python_error).put(e.where).put(e.exception).put(e.traceback);
    } catch (environment_error const& e) {
      return message().put(reply::environment_error).put(std::string(e.what()));
    } catch (std::exception const& e) {
      return message().put(reply::value_error).put(std::string(e.what()));
    }
  }
  void done(request what, message& asked, message& m) {
    auto const id = asked.take<std::uint64_t>();
    switch (what) {
      case request::start:
        show(m, held_[id] = std::make_shared<instance<Number>>(bridge_, asked.take<std::uint32_t>()));
        break;
      case request::copy: {
        auto const from = held_.at(asked.take<std::uint64_t>());
        bridge_->adopt(asked.text());
        show(m, held_[id] = from->copy());
        break;
      }
      case request::step: {
        action_.resize(bridge_->action_size);
        asked.take_all(std::span(action_));
        auto const& stepped = held_.at(id);
        auto const result = stepped->step(std::span<Number const>(action_));
        m.put(result);
        show(m, stepped);
        break;
      }
      case request::save:
        m.put_all(std::span<std::byte const>(held_.at(id)->bytes()));
        break;
      case request::render: {
        auto const shown = held_.at(id)->render();
        m.put(shown.width).put(shown.height).put_all(std::span<picture::rgb const>(shown.colors));
        break;
      }
      case request::load: {
        auto const size = asked.take<std::uint64_t>();
        show(m, held_[id] = instance<Number>::from(bridge_, asked.rest(), size));
        break;
      }
      case request::drop:
        break;
    }
  }
  void show(message& m, std::shared_ptr<episode<Number>> const& e) {
    m.put(bridge_->replayed.exchange(0)).put_all(e->observation());
  }

  std::shared_ptr<bridge> bridge_;
  channel channel_;
  std::unordered_map<std::uint64_t, std::shared_ptr<episode<Number>>> held_;
  std::vector<Number> action_;
};

/// What a process is from its beginning to its end. What was open where it comes from stays so, and is not touched.
template <class Number>
[[noreturn]] void serve(std::shared_ptr<bridge> const& b, int socket, int index, int awake) {
  std::signal(SIGINT, SIG_IGN);  // of the terminal; the program says when it ends
  for (int which : {SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) std::signal(which, SIG_DFL);
  std::thread([socket] {  // whatever Python does, the process ends with the one that asks
    ::pollfd closed{socket, closing, 0};
    while (::poll(&closed, 1, -1) < 0) {
    }
    ::_exit(0);
  })
      .detach();
  try {
    in_python([] { return "a process of its own"; }, [&] { b->self().attr("begin_process")(index); });
    b->replayed = 0;
    PyThreadState* const released = PyEval_SaveThread();
    server<Number>(b, socket, awake).run();
    PyEval_RestoreThread(released);
    flush_python();
  } catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace COHORT_NAMESPACE::gymnasium::detail
