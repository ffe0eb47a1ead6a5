#!/usr/bin/env bash
# Builds Olmo.Actors with -p:ActorEngine=Akka against stand-in packages: Olmo.Runtime under the root namespace Akka, packed as Akka and Akka.Persistence. It shows that the property, the
# packages and the usings do what they say, and that the engine's types do not collide with what stays of Olmo.Runtime; that Akka.NET itself has the members is what CompatibilityTests compare.
# Last line `Olmo.Actors compiles against the swapped engine`.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work" src/*/obj/akka src/*/bin/akka' EXIT
cp -r src/Olmo.Runtime "$work/Akka"
rm -rf "$work/Akka/bin" "$work/Akka/obj" "$work/Akka/packages.lock.json"
mv "$work/Akka/Olmo.Runtime.csproj" "$work/Akka/Akka.csproj"
find "$work/Akka" -name '*.cs' -exec sed -i 's/Olmo\.Runtime/Akka/g' {} +
mkdir "$work/Akka.Persistence" "$work/feed"
cat >"$work/Akka.Persistence/Akka.Persistence.csproj" <<'END'
<Project Sdk="Microsoft.NET.Sdk" />
END
cat >"$work/Directory.Build.props" <<'END'
<Project>
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <LangVersion>14</LangVersion>
    <Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings>
    <Version>1.5.30</Version>
  </PropertyGroup>
</Project>
END
cp Directory.Packages.props global.json "$work/"
for package in Akka Akka.Persistence; do
  dotnet pack "$work/$package" -c Release -o "$work/feed" -v quiet --nologo >/dev/null
done
# The stand-ins go into a cache of their own: they must never be taken for the real packages.
dotnet build src/Olmo.Actors -c Release -v quiet --nologo -p:ActorEngine=Akka \
  -p:RestorePackagesPath="$work/packages" -p:RestoreFallbackFolders="${NUGET_PACKAGES:-$HOME/.nuget/packages}" -p:RestoreAdditionalProjectSources="$work/feed"
if grep -q '"Akka/1.5.30"' src/Olmo.Actors/obj/akka/project.assets.json; then
  echo "Olmo.Actors compiles against the swapped engine"
else
  echo "the build did not take the package Akka" >&2
  exit 1
fi
