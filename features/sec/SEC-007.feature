@SEC-007
Feature: Pipeline A runs once and leaves its outputs
  Pipeline A 최소 1회 스모크 성공 + `silver.dq_status` 또는 Gold 산출물 생성 확인

  Background:
    Given the environment is bound

  @S1 @sub-1 @RUN @required
  Scenario: Pipeline A succeeds for the agreed parameters
    1) 대상 파라미터 확정 후 A 실행

    Given the pipelines data contract holds
    And a fresh business run id
    And a baseline of "A" is recorded
    And no run of "A" is active
    And the source has rows in the window "smoke"
    When pipelines "A" are run in order as "incremental" for the window "smoke"
    Then every run succeeded with all expected tasks
    And the runs used the requested parameters
    And elapsed time is within "sla.smoke_timeout_min"

  @S2 @sub-2 @RO @required
  Scenario: The run produced its outputs
    2) `silver.dq_status`/Gold 산출 쿼리 검증

    Given the result of scenario "SEC-007.S1"
    When the outputs of "A" are queried
    Then at least one smoke output has complete rows of this run
    And the outputs of "A" have no duplicate keys

  @S3 @sub-3 @RO @required
  Scenario: A failed attempt leaves a cause and a re-run record
    3) 실패 시 원인/재실행 기록

    When the run history of "A" since "SEC-006" is read
    Then every unsuccessful run has a recorded cause and a later successful rerun
