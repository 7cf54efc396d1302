"""The pages, each a blueprint of the module of its name, in the order of the menu."""

from sandbox.console.pages import (
    certificates,
    certify,
    gallery,
    home,
    impact,
    journey,
    load,
    packs,
    register,
    requirements,
    shared,
    signing_in,
    traffic,
    workspaces,
    world,
)

PAGES = tuple(
    module.page
    for module in (
        home,
        traffic,
        journey,
        world,
        certify,
        load,
        register,
        packs,
        impact,
        certificates,
        gallery,
        requirements,
        workspaces,
        signing_in,
        shared,
    )
)
