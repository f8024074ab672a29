@GOV-005
Feature: Legacy phases can be read in terms of workstreams
  Legacy Phase ↔ Workstream 매핑 표를 문서에 반영

  Background:
    Given the roadmap document is parsed

  @S1 @RO @required
  Scenario: The map is in the document
    When the table under "Legacy Phase ↔ Workstream 매핑" of "roadmap" is read
    Then the map has one well-formed row per phase

  @S2 @RO @required
  Scenario Outline: Every mapped target resolves
    When the table under "Legacy Phase ↔ Workstream 매핑" of "roadmap" is read
    Then phase "<phase>" leads to existing tasks

    Examples:
      | phase |
      | 11    |
      | 12    |
      | 13    |

  @S3 @RO
  Scenario: Coverage is known
    When the table under "Legacy Phase ↔ Workstream 매핑" of "roadmap" is read
    Then uncovered and doubly covered tasks are listed
