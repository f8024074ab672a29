@SEC-001
Feature: The handed-over assets are listed, real and locked
  인프라팀 handoff 자산 목록(workspace, storage, UC, external location, KV, SP)을 확정하고 운영 잠금 버전을 기록

  Background:
    Given the environment is bound

  @S1 @sub-1 @RO @required
  Scenario: The inventory follows the fixed template
    1) handoff 인벤토리 템플릿 확정

    When the document "handoff inventory" is read
    Then "handoff inventory" is complete and well-formed
    And every asset kind is listed with owner and access principal

  @S2 @sub-2 @RO @required
  Scenario: Every recorded identifier and principal is observed on the platform
    2) 자산 식별값/권한 주체 수집

    Given the binding "handoff.inventory" is set
    When every identifier named in "handoff inventory" is looked up
    Then every recorded identifier exists with the recorded values
    And every recorded access principal is the observed one

  @S3 @sub-3 @RO @required
  Scenario: The operating lock version is recorded and the history is intact
    3) 운영 잠금 버전/변경이력 기록

    When the digests of "handoff inventory" are recomputed
    Then "handoff inventory" is locked at its current digest
    And every change in its history is accounted for
    And a valid attestation "handoff-lock" by "Platform, DataEng" exists
