"""Host and git, as the execution record tells them."""

from __future__ import annotations

import os
import subprocess

import pytest

from airflow_gov.flow.environment import current_host, git_of, library_versions, os_user


def git(folder, *arguments):
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "repo"
    (folder / "dags").mkdir(parents=True)
    dag = folder / "dags" / "flights.py"
    dag.write_text("x = 1\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", "https://user:token@example.com/team/lake.git")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "tag", "v1.0")
    return dag


def test_a_checkout_tells_commit_branch_tag_and_path_without_credentials(checkout):
    found = git_of(checkout, environ={})
    assert found.commit == git(checkout.parent, "rev-parse", "HEAD")
    assert (found.branch, found.tag, found.dirty, found.path) == ("main", "v1.0", False, "dags/flights.py")
    assert found.repository == "https://example.com/team/lake.git"
    assert found.source == "checkout"


def test_an_uncommitted_change_is_told(checkout):
    checkout.write_text("x = 2\n")
    assert git_of(checkout, environ={}).dirty is True


def test_a_versioned_bundle_wins_over_the_checkout(checkout):
    found = git_of(checkout, bundle_version="a" * 40, bundle_url="https://t@example.com/r.git", environ={})
    assert (found.source, found.commit, found.repository) == ("bundle", "a" * 40, "https://example.com/r.git")


def test_an_image_says_by_environment_which_commit_it_is(tmp_path):
    environ = {"AIRFLOW_GOV_GIT_COMMIT": "b" * 40, "AIRFLOW_GOV_GIT_TAG": "v2"}
    found = git_of(tmp_path / "dag.py", environ=environ)
    assert (found.source, found.commit, found.tag) == ("environment", "b" * 40, "v2")


def test_without_any_of_these_the_reason_is_told(tmp_path):
    found = git_of(tmp_path / "dag.py", environ={})
    assert found.commit is None
    assert "no git checkout" in found.missing
    assert "AIRFLOW_GOV_GIT_COMMIT" in found.missing


def test_a_pod_tells_its_name():
    assert (
        current_host(environ={"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAME": "worker-7"}).instance
        == "worker-7"
    )


def test_host_and_process_are_told():
    host = current_host("LocalExecutor", environ={})
    assert (host.pid, host.executor) == (os.getpid(), "LocalExecutor")
    assert host.name
    assert os_user()


def test_versions_of_what_decides_the_result_are_told():
    assert {"python", "apache-airflow", "duckdb", "pyiceberg", "airflow-gov"} <= set(library_versions())
