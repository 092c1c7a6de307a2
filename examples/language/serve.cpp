// Answers requests for completions and chats over HTTP, as OpenAI's interface has them:
//
//     cohort serve --model SmolLM2-135M-Instruct.Q4_1.gguf --port 8080
//     curl localhost:8080/v1/chat/completions -d '{"messages": [{"role": "user", "content": "Hello!"}]}'
#include <atomic>
#include <chrono>
#include <cohort/language/http/httplib.hpp>
#include <filesystem>
#include <thread>

#include "model_options.hpp"
#include "serve/answers.hpp"

namespace {

using namespace cohort;
using program::usage_error;

struct request {
  std::string host, name;
  int port, context, most_tokens;
  double seconds;
  std::size_t most_bytes;
};

class server {
 public:
  server(program::model_options const& from, request const& r)
      : request_(r), model_(from.path(), {from.type()}, from.threads(), r.context, r.seconds) {
    http_.set_payload_max_length(r.most_bytes);
    http_.set_read_timeout(30), http_.set_write_timeout(30);
    http_.Get("/health", [](auto const&, auto& answer) { answer.set_content("{\"status\": \"ok\"}", json_type); });
    http_.Get("/v1/models", [this](auto const&, auto& answer) {
      answer.set_content(program::json_text({{"object", "list"},
                                             {"data",
                                              {{{"id", request_.name},
                                                {"object", "model"},
                                                {"created", 0},
                                                {"owned_by", "cohort"},
                                                {"max_model_len", model_.context()},
                                                {"vocab_size", model_.options().vocabulary}}}}}),
                         json_type);
    });
    for (bool chat : {false, true})
      http_.Post(chat ? "/v1/chat/completions" : "/v1/completions",
                 [this, chat](auto const& asked, auto& answer) { this->answer(asked.body, chat, answer); });
    http_.set_error_handler([](auto const& asked, auto& answer) {
      if (!answer.body.empty()) return;
      answer.set_content(serve::answers::error(answer.status == 404   ? "there is no " + asked.method + " " + asked.path
                                               : answer.status == 413 ? "the request is too long"
                                                                      : "HTTP " + std::to_string(answer.status)),
                         json_type);
    });
  }

  /// Until SIGINT or SIGTERM.
  void run() {
    int const port = request_.port ? (http_.bind_to_port(request_.host, request_.port) ? request_.port : -1)
                                   : http_.bind_to_any_port(request_.host);
    if (port < 0)
      throw cohort_error("can't listen on " + request_.host + ", port " + std::to_string(request_.port) +
                         ": is another program there?");
    program::catch_signals();
    program::print("listening on http://" + request_.host + ":" + std::to_string(port) + "\n");
    std::thread listening([this] { http_.listen_after_bind(); });
    while (!program::signal_seen()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    http_.stop();
    listening.join();
  }

 private:
  static constexpr char const* json_type = "application/json";

  void answer(std::string const& body, bool chat, httplib::Response& answer) {
    try {
      auto const wish = serve::read_wish(body, chat, model_.text(), model_.options().vocabulary,
                                         {.context = model_.context(), .most_tokens = request_.most_tokens});
      serve::answers const as(model_.text().words, request_.name, number_++, chat);
      if (!wish.stream) return answer.set_content(as.whole(wish, model_(wish)), json_type);
      answer.set_chunked_content_provider("text/event-stream", [this, wish, as](std::size_t, httplib::DataSink& sink) {
        auto const send = [&](std::string const& text) {
          return sink.is_writable() && sink.write(text.data(), text.size()) && !program::signal_seen();
        };
        try {
          bool open = as.first().empty() || send(as.first());
          auto const all = model_(wish, [&](std::string const& piece) { return open = open && send(as.piece(piece)); });
          if (open) send(as.last(all[0]));
        } catch (std::exception const& e) {
          send("data: " + serve::answers::error(e.what(), "server_error") + "\n\n");
        }
        sink.done();
        return true;
      });
    } catch (serve::bad_request const& e) {
      refuse(answer, 400, e.what());
    } catch (io_error const& e) {
      refuse(answer, 400, e.what());
    } catch (value_error const& e) {
      refuse(answer, 400, e.what());
    } catch (std::bad_alloc const&) {
      refuse(answer, 503, "there is not enough memory");
    } catch (std::exception const& e) {
      refuse(answer, 500, e.what());
    }
  }
  static void refuse(httplib::Response& answer, int status, std::string const& what) {
    answer.status = status;
    answer.set_content(serve::answers::error(what, status == 400 ? "invalid_request_error" : "server_error"),
                       json_type);
  }

  request request_;
  serve::endpoint model_;
  httplib::Server http_;
  std::atomic<std::uint64_t> number_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  using namespace program;
  model_options loading;
  typed host, port, name, context, tokens, seconds, bytes;
  CLI::App app{
      "Answers requests for completions (/v1/completions) and chats (/v1/chat/completions) over HTTP as OpenAI's "
      "interface\n"
      "has them, with log-probabilities, until SIGINT or SIGTERM. Whoever reaches the port may ask: so it is this "
      "machine's alone unless --host says otherwise.",
      "cohort serve"};
  loading.add_to(app);
  add(app, "--host", host, "the address to listen on [127.0.0.1]", "ADDRESS");
  add(app, "--port", port, "the port; 0 for any that is free [8080]", "N");
  add(app, "--name", name, "what the model is called [its file's name]", "NAME");
  add(app, "--context", context, "tokens of a prompt and its completion at most [the model's]", "N");
  add(app, "--most-tokens", tokens, "tokens of a completion at most [4096]", "N");
  add(app, "--most-seconds", seconds, "after which a completion ends where it is [600]", "X");
  add(app, "--most-bytes", bytes, "of a request [1048576]", "N");
  return run(app, argc, argv, [&] {
    if (loading.wide) throw usage_error("--double is not for serving");
    auto const path = std::filesystem::path(loading.path());
    request const r{
        .host = host.value_or("127.0.0.1"),
        .name = name.value_or((path.has_filename() ? path : path.parent_path()).filename().string()),
        .port = whole_number_of("--port", port, 8080, 0, 65535),
        .context = whole_number_of("--context", context, 0, 2),
        .most_tokens = whole_number_of("--most-tokens", tokens, 4096, 1),
        .seconds = number_of(
            "--most-seconds", seconds, 600., [](double s) { return s > 0 && s < 1e9; }, "a positive number"),
        .most_bytes = whole_number_of<std::size_t>("--most-bytes", bytes, 1 << 20, 1),
    };
    server(loading, r).run();
  });
}
