// net.hpp as a module: `import net;`. Macros, NET_VERSION_MAJOR and the like, are for those who include <net.hpp>.
// What is the standard library's own stays so: <coroutine> for a coroutine, <system_error> to compare codes.
module;

#include <net.hpp>
#include <net/cluster.hpp>
#include <net/ipc_channel.hpp>

export module net;

export namespace net {

// Addresses
using net::BlockList;
using net::Family;
using net::isIP;
using net::isIPv4;
using net::isIPv6;
using net::SocketAddress;
using net::SocketAddressOptions;
using net::to_string;

// Values
using net::Chunk;
using net::Duration;
using net::Encoding;
using net::Errc;
using net::Error;
using net::error_category;
using net::fixed_string;
using net::function;
using net::make_error_code;
using net::NativeHandle;
using net::parseEncoding;

// Events
using net::Emitter;
using net::Listener;

// The loop
using net::AbortController;
using net::AbortSignal;
using net::clearImmediate;
using net::clearInterval;
using net::clearTimeout;
using net::Immediate;
using net::Loop;
using net::LoopMetrics;
using net::nextTick;
using net::onSignal;
using net::run;
using net::setImmediate;
using net::setInterval;
using net::setTimeout;
using net::Signal;
using net::Stopper;
using net::Timer;

// Sockets and servers
using net::AddressInfo;
using net::connect;
using net::ConnectOptions;
using net::createConnection;
using net::createServer;
using net::DropInfo;
using net::getDefaultAutoSelectFamily;
using net::getDefaultAutoSelectFamilyAttemptTimeout;
using net::ListenOptions;
using net::Lookup;
using net::LookupAddress;
using net::LookupCallback;
using net::LookupOptions;
using net::OnRead;
using net::PipeOptions;
using net::ReadyState;
using net::Server;
using net::ServerOptions;
using net::setDefaultAutoSelectFamily;
using net::setDefaultAutoSelectFamilyAttemptTimeout;
using net::Socket;
using net::SocketOptions;
using net::stopGracefully;
using net::StopOptions;
using net::Writable;

// Between processes
namespace cluster {
using net::cluster::disconnect;
using net::cluster::fork;
using net::cluster::isPrimary;
using net::cluster::isWorker;
using net::cluster::on;
using net::cluster::once;
using net::cluster::removeAllListeners;
using net::cluster::schedulingPolicy;
using net::cluster::worker;
using net::cluster::workers;
}  // namespace cluster
using net::IpcChannel;
using net::IpcMessage;
using net::ReceivedHandle;
using net::SchedulingPolicy;
using net::SendOptions;
using net::Worker;
using net::WorkerOptions;

// Coroutines
using net::Acceptor;
using net::all;
using net::any;
using net::connected;
using net::Endian;
using net::once;
using net::Promise;
using net::race;
using net::Reader;
using net::ReaderOptions;
using net::sleep;
using net::spawn;
using net::Task;
using net::TaskGroup;
using net::WaitOptions;
using net::write;

// Work off the loop
using net::Job;
using net::WorkerPool;

// Files
using net::FileReader;
using net::FileReaderOptions;
using net::FileWriter;
using net::FileWriterOptions;
using net::pipeline;

}  // namespace net
