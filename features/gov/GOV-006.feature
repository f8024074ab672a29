@GOV-006
Feature: Core documents refer to workstreams and their links hold
  핵심 참조 문서의 로드맵 링크를 Workstream 기준으로 정렬

  Background:
    Given the roadmap document is parsed

  @S1 @sub-1 @RO @required
  Scenario Outline: Each core document points to its workstream section
    1) 참조 링크 최신화

    When the document "<document>" is read
    Then "<document>" links to its workstream

    Examples:
      | document           |
      | project specs      |
      | data contract      |
      | rebuild plan       |
      | monitoring plan    |
      | preflight template |
      | runbook            |
      | decision list      |

  @S2 @sub-2 @RO @required
  Scenario: All links in core documents resolve
    2) 링크 무결성 검증

    When the links and anchors of "the core documents" are resolved
    Then every link and anchor in "the core documents" resolves

  @S3 @sub-1 @RO @required
  Scenario: No unresolved Phase wording remains
    1) 참조 링크 최신화

    When the legacy phase mentions of "the core documents" are read
    Then each mention is explained by a link or by the map

  @S4 @sub-3 @RO @required
  Scenario: The alignment evidence lists what was checked
    3) 정렬 증적 업데이트

    When the records under "GOV-006" are read
    Then the alignment evidence matches what is there now
