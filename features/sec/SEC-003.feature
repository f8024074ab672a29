@SEC-003
Feature: The pipeline principal has exactly the agreed access
  UC 권한(`USE CATALOG/SCHEMA`, `SELECT`, `MODIFY`) 및 external location 접근 검증 통과

  Background:
    Given the environment is bound

  @S1 @sub-1 @RO @required
  Scenario: The grant matrix equals effective privileges
    1) UC grant 매트릭스 확정

    Given the grant matrix of "pipeline_sp"
    And "pipeline_sp" is an active service principal
    When the effective privileges of "pipeline_sp" are read
    Then "pipeline_sp" has every required privilege by the permitted route
    And "pipeline_sp" has no forbidden or extra privilege

  @S2 @sub-2 @NOOP @PROBE @required
  Scenario: The principal can and cannot do exactly what the matrix says
    2) 권한 검증 SQL 실행

    Given the SQL warehouse is available
    And I act as "pipeline_sp"
    When "pipeline_sp" runs the permission check SQL
    Then permitted statements succeed and the others are refused for lack of permission

  @S3 @sub-3 @PROBE @required
  Scenario: Read and write through each external location
    3) external location read/write 검증

    Given I act as "pipeline_sp"
    When "pipeline_sp" writes, lists, reads and removes a probe object in each external location
    Then the probe content is read back identically
    And read-only locations refuse the write
