@SEC-005
Feature: Pipelines run as a service principal with least privilege
  서비스 프린시플 `run_as` 전환 + UC ACL 최소권한 적용 + 실행 성공

  Background:
    Given the environment is bound

  @S1 @sub-1 @RO @required
  Scenario: Every pipeline job runs as the service principal
    1) `run_as` 주체 전환 설정 적용

    Given the jobs "A, SILVER, B, C, bootstrap_catalog, sync_dim_rule_scd2, pipeline_silver_materialization" exist
    When the execution identity of "A, SILVER, B, C, bootstrap_catalog, sync_dim_rule_scd2, pipeline_silver_materialization" is read
    Then "A, SILVER, B, C, bootstrap_catalog, sync_dim_rule_scd2, pipeline_silver_materialization" run as "pipeline_sp" by explicit, deployed configuration

  @S2 @sub-2 @RO @required
  Scenario: Least privilege is applied and nothing more
    2) 최소권한 ACL 재적용

    Given the grant matrix of "pipeline_sp"
    When the effective privileges of "pipeline_sp" are read
    Then "pipeline_sp" has every required privilege by the permitted route
    And "pipeline_sp" has no forbidden or extra privilege
    And the previous identity no longer writes

  @S3 @sub-3 @RUN @required
  Scenario: A, B and C run successfully as the service principal
    3) A/B/C 실행 스모크 검증

    Given a fresh business run id
    And no run of "A, SILVER, B, C" is active
    When pipelines "A, SILVER, B, C" are run in order as "incremental" for the window "smoke"
    Then every run succeeded with all expected tasks
    And the outputs of "A, SILVER, B, C" have new rows of this run
    And the data were written by "pipeline_sp"
