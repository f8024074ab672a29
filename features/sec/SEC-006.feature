@SEC-006
Feature: Configuration files agree with measured values
  `configs/dev.yaml`/`configs/common.yaml`의 host/id/catalog/external_location/base_path/secret 값이 실측값과 일치

  Background:
    Given the environment is bound

  @S1 @sub-1 @RO @required
  Scenario: The comparison table covers every bound key
    1) 실측값 기준 config 비교표 작성

    When the configuration files are compared with the measured values
    Then the comparison covers every host, id, catalog, location, base path and secret key

  @S2 @sub-1 @sub-3 @RO @required
  Scenario: Values are equal and secrets are references only
    1) 실측값 기준 config 비교표 작성
    3) 수정 후 재비교 diff 0건 확인

    When the configuration files are compared with the measured values
    Then there are 0 differences
    And secrets appear only as existing references

  @S3 @sub-2 @sub-3 @RO @required
  Scenario: The correction is applied and re-compared with 0 differences
    2) 불일치 항목 수정안 반영
    3) 수정 후 재비교 diff 0건 확인

    Given the differences recorded by an earlier comparison
    When the configuration files are compared with the measured values
    Then every earlier difference is corrected in a commit
    And there are 0 differences
