@SEC-004
Feature: Secrets come from the handed-over Key Vault and rotate
  Key Vault-backed Secret Scope 접근 검증 및 rotation 절차 확인 완료

  Background:
    Given the environment is bound

  @S1 @sub-1 @RO @required
  Scenario: The scope is backed by the handed-over vault
    1) KV-Secret Scope 연결 정보 수령

    Given the binding "secrets.scope" is set
    When the secret scope is inspected
    Then the scope is backed by exactly the handed-over vault

  @S2 @sub-2 @RO @required
  Scenario: Every required secret can be read by the pipeline principal, undisclosed
    2) secret read 테스트 수행

    Given the binding "secrets.keys" is set
    And I act as "pipeline_sp"
    When "pipeline_sp" reads each secret through the scope
    Then every secret is present and plausible
    And no secret value is disclosed

  @S3 @sub-3 @RO @required
  Scenario: Rotation period and expiry are within policy
    3) rotation 절차/주기 검증

    When the versions of each secret are listed
    Then age and expiry of every secret are within the rotation policy
    And a valid attestation "rotation-procedure" by "Infra" exists

  @S4 @sub-3 @PROBE @required
  Scenario: Rotating the canary secret reaches the workload
    3) rotation 절차/주기 검증

    Given the binding "secrets.canary_key" is set
    When the canary secret is rotated by the written procedure
    Then the workload sees the new value and the old version can be disabled
