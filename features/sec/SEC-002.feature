@SEC-002
Feature: Measured cloud state equals the handoff list
  `audit_cloud_state.sh`로 자산 실측값 수집 후 handoff 목록과 불일치 0건

  Background:
    Given the environment is bound

  @S1 @sub-1 @RO @required
  Scenario: The audit script runs and its log is complete
    1) audit 스크립트 실행 및 로그 수집

    When the audit script is run
    Then it succeeds and its log covers every asset kind, measured now

  @S2 @sub-2 @RO @required
  Scenario: The difference report against the handoff list is exact
    2) handoff 목록 대비 diff 리포트 작성

    Given the handoff inventory is locked
    When the handoff inventory is compared with the measured values
    Then the report lists every missing, unexpected and changed item
    And every inventory field was compared

  @S3 @sub-3 @RO @required
  Scenario: Zero differences, confirmed independently and repeated
    3) 불일치 0건 확인/재검증

    Given the handoff inventory is locked
    When the audit script is run
    And the same values are read independently
    Then there are 0 differences
    And the repeated and the independent values agree
