using Olmo.Runtime.Configuration;

namespace Olmo.Runtime.Scheduling;

/// <summary>The defaults of every key that the actor kernel reads; the configuration given to a system lies over it.</summary>
internal static class RuntimeReference
{
    public const string Hocon = """
        akka {
          # Dead letters logged at info before the log falls silent; off for none.
          log-dead-letters = 10
          # How long it then stays silent; infinite for ever.
          log-dead-letters-suspend-duration = 5 minutes

          actor {
            # Timeout of an Ask that gives none.
            ask-timeout = infinite
            # Strategy of /user: Akka.Actor.DefaultSupervisorStrategy or Akka.Actor.StoppingSupervisorStrategy.
            guardian-supervisor-strategy = "Akka.Actor.DefaultSupervisorStrategy"
            # Threads of the runtime's own actors (cluster, journal).
            internal-dispatcher.threads = 2
          }

          coordinated-shutdown {
            # Timeout of a phase that gives none.
            default-phase-timeout = 5 s
            # Whether the last phase stops the system.
            terminate-actor-system = on
            # Whether the phases run when the process exits.
            run-by-clr-shutdown-hook = on
            # Whether Terminate() runs the phases first.
            run-by-actor-system-terminate = on
            # Each phase runs after those in depends-on; recover = off makes a failure or timeout end the shutdown; enabled = off skips its tasks.
            phases {
              before-service-unbind {}
              service-unbind { depends-on = [before-service-unbind] }
              service-requests-done { depends-on = [service-unbind] }
              service-stop { depends-on = [service-requests-done] }
              before-cluster-shutdown { depends-on = [service-stop] }
              cluster-sharding-shutdown-region { timeout = 10 s, depends-on = [before-cluster-shutdown] }
              cluster-leave { depends-on = [cluster-sharding-shutdown-region] }
              cluster-exiting { timeout = 10 s, depends-on = [cluster-leave] }
              cluster-exiting-done { depends-on = [cluster-exiting] }
              cluster-shutdown { depends-on = [cluster-exiting-done] }
              before-actor-system-terminate { depends-on = [cluster-shutdown] }
              actor-system-terminate { timeout = 10 s, depends-on = [before-actor-system-terminate] }
            }
          }
        }
        """;

    public static Config Over(Config config) => config.WithFallback(ConfigurationFactory.ParseString(Hocon));
}
