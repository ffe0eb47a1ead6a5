// The only file that names the root of the actor engine: GlobalUsings.Akka.cs in its place, and two packages, compile this project against Akka.NET.
global using Olmo.Runtime.Actor;
global using Olmo.Runtime.Contracts;
global using Olmo.Runtime.Event;
global using Olmo.Runtime.Hocon;
global using Olmo.Runtime.Pattern;
global using Olmo.Runtime.Persistence;
global using Olmo.Runtime.Storage;
