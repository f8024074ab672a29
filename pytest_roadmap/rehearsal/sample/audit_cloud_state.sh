#!/bin/sh
# Measures the handed-over assets through the REST APIs and writes one JSON file.
#
#   audit_cloud_state.sh RESOURCE_GROUP_ID CATALOG [OUTPUT]
#
# Logins come from the environment: DATABRICKS_HOST, DATABRICKS_TOKEN, ARM_ENDPOINT (default: the
# public cloud), ARM_TOKEN, and SSL_CERT_FILE where the endpoints have a private authority.
# Exit status: 0 measured, 2 wrong use, 4 not logged in (prints "ROADMAP-AUDIT: 401"), 5 no answer.
set -eu
exec python3 -I - "$@" <<'PYTHON'
import datetime
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

DATABRICKS = os.environ.get("DATABRICKS_HOST", "").rstrip("/")
ARM = os.environ.get("ARM_ENDPOINT", "https://management.azure.com").rstrip("/")
VERSIONS = {
    "Microsoft.Databricks/workspaces": "2024-05-01",
    "Microsoft.Storage/storageAccounts": "2023-05-01",
    "Microsoft.KeyVault/vaults": "2026-05-15",
}
# A rehearsal may run on a clock that was moved on by so many seconds.
MOVED = datetime.timedelta(seconds=float(os.environ.get("AUDIT_CLOCK_OFFSET_S", "0")))
calls = []


def get(base, path, query, token_name):
    url = base + urllib.parse.quote(path) + ("?" + urllib.parse.urlencode(query) if query else "")
    token = os.environ.get(token_name, "")
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            calls.append(path)
            print("GET", path, answer.status)
            return json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        print("GET", path, error.code)
        if error.code == 401:
            print("ROADMAP-AUDIT: 401 not logged in (" + token_name + ")")
            sys.exit(4)
        sys.exit("the service refused: " + str(error))


def databricks(path, **query):
    return get(DATABRICKS, path, query, "DATABRICKS_TOKEN")[0]


def pages(path, key, **query):
    """Every item of a paged Databricks list; pages may be empty."""
    found, token = [], None
    while True:
        page = databricks(path, **query, **({"page_token": token} if token else {}))
        found += page.get(key) or []
        token = page.get("next_page_token")
        if not token:
            return found


def arm(group, kind):
    """Every resource of one type in the resource group."""
    found, path = [], group + "/providers/" + kind
    query = {"api-version": VERSIONS[kind]}
    while path:
        page = get(ARM, path, query, "ARM_TOKEN")[0]
        found += page.get("value") or []
        following = urllib.parse.urlsplit(page.get("nextLink") or "")
        path, query = urllib.parse.unquote(following.path), dict(urllib.parse.parse_qsl(following.query))
    return found


def item(identifier, **fields):
    return {"identifier": identifier, "fields": fields}


def workspaces(group):
    for one in arm(group, "Microsoft.Databricks/workspaces"):
        properties = one.get("properties", {})
        yield item(
            one["id"],
            workspace_id=str(properties.get("workspaceId")),
            workspace_url="https://" + str(properties.get("workspaceUrl")),
            region=one.get("location"),
            sku=one.get("sku", {}).get("name"),
        )


def storage_accounts(group):
    for one in arm(group, "Microsoft.Storage/storageAccounts"):
        properties = one.get("properties", {})
        yield item(
            one["id"],
            region=one.get("location"),
            hns=properties.get("isHnsEnabled"),
            dfs_endpoint=properties.get("primaryEndpoints", {}).get("dfs"),
        )


def vaults(group):
    for one in arm(group, "Microsoft.KeyVault/vaults"):
        yield item(
            one["id"], region=one.get("location"), dns_name=one.get("properties", {}).get("vaultUri")
        )


def unity_catalog(catalog):
    metastore = databricks("/api/2.1/unity-catalog/metastore_summary")
    yield item(
        metastore["metastore_id"],
        region=metastore.get("region"),
        privilege_model_version=metastore.get("privilege_model_version"),
    )
    one = databricks("/api/2.1/unity-catalog/catalogs/" + catalog)
    yield item(one["name"], owner=one.get("owner"), isolation_mode=one.get("isolation_mode"))
    for one in pages("/api/2.1/unity-catalog/schemas", "schemas", catalog_name=catalog):
        if one["name"] != "information_schema":
            yield item(one["full_name"], owner=one.get("owner"))


def external_locations():
    for one in pages("/api/2.1/unity-catalog/external-locations", "external_locations"):
        yield item(
            one["url"],
            name=one["name"],
            owner=one.get("owner"),
            credential_name=one.get("credential_name"),
            read_only=bool(one.get("read_only")),
        )


def service_principals():
    start = 1
    while True:
        page = databricks("/api/2.0/preview/scim/v2/ServicePrincipals", startIndex=start, count=100)
        found = page.get("Resources") or []
        for one in found:
            yield item(
                one["applicationId"], display_name=one.get("displayName"), active=one.get("active")
            )
        start += len(found)
        if not found or start > page.get("totalResults", 0):
            return


def secret_scopes():
    for one in databricks("/api/2.0/secrets/scopes/list").get("scopes") or []:
        vault = one.get("keyvault_metadata") or {}
        yield item(
            one["name"],
            backend_type=one.get("backend_type"),
            vault_resource_id=vault.get("resource_id"),
            dns_name=vault.get("dns_name"),
        )


def connected_workspace():
    headers = get(DATABRICKS, "/api/2.0/preview/scim/v2/Me", {}, "DATABRICKS_TOKEN")[1]
    return headers.get("x-databricks-org-id", "")


def main(arguments):
    if len(arguments) < 2 or not DATABRICKS:
        sys.exit(2)
    group, catalog = arguments[:2]
    output = arguments[2] if len(arguments) > 2 else os.environ.get("AUDIT_OUTPUT", "audit.json")
    measured = {
        "schema": "cloud-audit/1",
        "workspace_id": connected_workspace(),
        "sections": {
            "workspace": list(workspaces(group)),
            "storage": list(storage_accounts(group)),
            "uc": list(unity_catalog(catalog)),
            "external_location": list(external_locations()),
            "key_vault": list(vaults(group)),
            "service_principal": list(service_principals()),
            "secret_scope": list(secret_scopes()),
        },
        "collected_at": (MOVED + datetime.datetime.now(datetime.timezone.utc)).isoformat(),
    }
    with open(output, "w", encoding="utf-8") as file:
        json.dump(measured, file, indent=1, ensure_ascii=False)
    print("measured", sum(map(len, measured["sections"].values())), "assets in", len(calls), "calls")


main(sys.argv[1:])
PYTHON
