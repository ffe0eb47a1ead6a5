// In the place of GlobalUsings.cs with -p:ActorEngine=Akka: the actors are Akka.NET's; contracts and settings stay ours.
global using Akka.Actor;
global using Akka.Event;
global using Akka.Pattern;
global using Akka.Persistence;
global using Olmo.Runtime.Contracts;
global using Olmo.Runtime.Hocon;
global using Olmo.Runtime.Storage;
