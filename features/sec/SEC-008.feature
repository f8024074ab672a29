@SEC-008
Feature: G1 is approved on fresh evidence
  G1 승인 체크리스트 전체 완료(권한/시크릿/설정/스모크)

  Background:
    Given the environment is bound

  @S1 @sub-1 @RO @required
  Scenario: All four areas are complete on fresh evidence
    1) G1 체크리스트 통합 점검

    When gate "G1" is evaluated without this task
    Then every area of the checklist is Done on fresh evidence
    And a live sample agrees with the stored results

  @S2 @sub-2 @RO @required
  Scenario: Infra, Platform and DataEng signed the same checklist
    2) Infra/Platform/DataEng 합동 서명

    When the signatures of "G1 sign-off" are verified
    Then a valid attestation "gate-approved" by "Infra, Platform, DataEng" exists

  @S3 @sub-3 @RO @required
  Scenario: The approval log is final
    3) 게이트 승인 로그 확정

    When the approval log of "G1" is read
    Then one final entry approves the gate and no input has changed since
