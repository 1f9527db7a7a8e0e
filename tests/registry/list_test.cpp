// Lists: filters on stored data, orders, pages and what a caller may see.
#include <random>

#include "registry/audit.h"
#include "registry/catalog.h"
#include "registry/storage/database.h"
#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Names = std::vector<std::string>;

// credit-risk/1…3, credit_limit/1, Fraud/1
class ListTest : public StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        add("credit-risk", {{"team", "risk"}, {"a b", "x"}}, 0.80);
        add("credit-risk", {{"team", "risk"}, {"note", "100%"}}, 0.90);
        add("credit-risk", {{"team", "core"}}, std::nullopt);
        add("credit_limit", {}, 0.95);
        add("Fraud", {{"team", "Fraud"}}, 0.70, "dan");
    }

    void add(const std::string& model, const Tags& tags, std::optional<double> roc_auc,
             const std::string& user = "ada") {
        clock().advance(std::chrono::hours(1));
        NewVersion wanted = new_version(model, model + std::to_string(clock().now().time_since_epoch().count()));
        wanted.tags = tags;
        wanted.metadata = {{"framework", model == "Fraud" ? "xgboost" : "scikit-learn"}};
        if (roc_auc) wanted.report = new_report(*roc_auc);
        ASSERT_THAT(write(user, [&](Transaction& t) { return register_version(t, wanted); }), is_ok());
    }

    static std::string name_of(const Version& version) {
        return version.model.text() + "/" + std::to_string(version.number);
    }

    Result<Page<Version>> search_page(const PageRequest& page, const Caller& who) {
        return read([&](const Snapshot& s) { return search_versions(s, who, page); });
    }
    Names search(const std::string& filter, const std::string& order = "model, version") {
        const auto page = search_page({.size = 1000, .order_by = order, .filter = filter}, caller("vic"));
        EXPECT_THAT(page, is_ok()) << filter;
        Names names;
        if (page.ok())
            for (const Version& version : page->items) names.push_back(name_of(version));
        return names;
    }
    Names models(const PageRequest& page, const Caller& who) {
        Names names;
        const auto found = read([&](const Snapshot& s) { return list_models(s, who, page); });
        EXPECT_THAT(found, is_ok());
        if (found.ok())
            for (const Model& model : found->items) names.push_back(model.name.text());
        return names;
    }
    Error search_error(const PageRequest& page) {
        const auto found = search_page(page, caller("vic"));
        EXPECT_FALSE(found.ok());
        return found.ok() ? Error{} : found.error();
    }
};

TEST_F(ListTest, Filters) {
    struct Case {
        std::string filter;
        Names expected;
    };
    const Names all = {"Fraud/1", "credit-risk/1", "credit-risk/2", "credit-risk/3", "credit_limit/1"};
    for (const Case& c : {
             Case{"", all},
             Case{"name = 'credit-risk'", {"credit-risk/1", "credit-risk/2", "credit-risk/3"}},
             Case{"name LIKE 'credit%'", {"credit-risk/1", "credit-risk/2", "credit-risk/3", "credit_limit/1"}},
             Case{"name LIKE 'credit\\_%'", {"credit_limit/1"}},
             Case{"name LIKE 'CREDIT%'", {}},
             Case{"name ILIKE 'fRAUD'", {"Fraud/1"}},
             Case{"name LIKE 'credit%' AND tags.team = 'risk' AND metrics.roc_auc >= 0.9", {"credit-risk/2"}},
             Case{"version > 1", {"credit-risk/2", "credit-risk/3"}},
             Case{"version IN (2, 3) AND name != 'Fraud'", {"credit-risk/2", "credit-risk/3"}},
             Case{"version NOT IN (1, 2)", {"credit-risk/3"}},
             Case{"version = 1.5", {}},
             Case{"tags.team = 'risk'", {"credit-risk/1", "credit-risk/2"}},
             Case{"tags.team != 'risk'",
                  {"Fraud/1", "credit-risk/3"}},  // a comparison with what is not there never holds
             Case{"tags.\"a b\" = 'x'", {"credit-risk/1"}},
             Case{"tags.`a b` = 'x'", {"credit-risk/1"}},
             Case{"tags.note LIKE '100\\%'", {"credit-risk/2"}},
             Case{"tags.team IN ('core', 'Fraud')", {"Fraud/1", "credit-risk/3"}},
             Case{"metadata.framework = 'xgboost'", {"Fraud/1"}},
             Case{"metrics.roc_auc < 0.8", {"Fraud/1"}},
             Case{"metrics.roc_auc <= 0.8", {"Fraud/1", "credit-risk/1"}},
             Case{"metrics.other > 0", {}},
             Case{"stage = 'staged'", all},
             Case{"stage = 'live'", {}},
             Case{"live_in = 'production'", {}},
             Case{"live_in != 'production'", all},
             Case{"alias = 'champion'", {"credit-risk/2"}},
             Case{"alias != 'champion'", {"Fraud/1", "credit-risk/1", "credit-risk/3", "credit_limit/1"}},
             Case{"alias IN ('champion', 'old')", {"credit-risk/1", "credit-risk/2"}},
             Case{"alias NOT IN ('champion', 'old')", {"Fraud/1", "credit-risk/3", "credit_limit/1"}},
             Case{"created_by = 'dan'", {"Fraud/1"}},
             Case{"created_at >= '2026-01-01T03:00:00Z' AND created_at < '2026-01-01T05:00:00Z'",
                  {"credit-risk/3", "credit_limit/1"}},
             Case{"created_at > '2026-01-01'", all},
             Case{"created_at > '2026-01-02'", {}},
             Case{"name = ''' OR 1 = 1 --'", {}},
         }) {
        ASSERT_THAT(
            write("ada",
                  [](Transaction& t) -> Status {
                      BATON_TRY(
                          set_alias(t, model_name("credit-risk"), Alias::parse("champion").value(), VersionRef(2)));
                      BATON_TRY(set_alias(t, model_name("credit-risk"), Alias::parse("old").value(), VersionRef(1)));
                      return {};
                  }),
            is_ok());
        EXPECT_EQ(search(c.filter), c.expected) << c.filter;
    }
}

TEST_F(ListTest, ADigestIsFoundByItsText) {
    const auto version = read([&](const Snapshot& s) {
                             return get_version(s, caller("vic"), model_name("Fraud"), VersionRef(1));
                         }).value();
    EXPECT_THAT(search("digest = '" + version.digest.text() + "'"), ElementsAre("Fraud/1"));
    EXPECT_THAT(search("file_digest IN ('" + version.files[0].digest.text() + "')"), ElementsAre("Fraud/1"));
    EXPECT_EQ(search("file_digest != '" + version.files[0].digest.text() + "'").size(), 4U);
}

TEST_F(ListTest, AMetricIsThatOfTheNewestReport) {
    ASSERT_THAT(
        write("ada",
              [](Transaction& t) { return add_report(t, model_name("Fraud"), VersionRef(1), new_report(0.99)); }),
        is_ok());
    EXPECT_THAT(search("metrics.roc_auc > 0.98"), ElementsAre("Fraud/1"));
    EXPECT_THAT(search("metrics.roc_auc < 0.75"), IsEmpty());
}

TEST_F(ListTest, Orders) {
    EXPECT_THAT(search("", "created_at desc"),
                ElementsAre("Fraud/1", "credit_limit/1", "credit-risk/3", "credit-risk/2", "credit-risk/1"));
    EXPECT_THAT(search("", ""),
                ElementsAre("Fraud/1", "credit_limit/1", "credit-risk/3", "credit-risk/2", "credit-risk/1"));
    EXPECT_THAT(search("", "model desc, version desc"),
                ElementsAre("credit_limit/1", "credit-risk/3", "credit-risk/2", "credit-risk/1", "Fraud/1"));
    EXPECT_THAT(search("", "metrics.roc_auc desc"),
                ElementsAre("credit_limit/1", "credit-risk/2", "credit-risk/1", "Fraud/1", "credit-risk/3"));
    EXPECT_THAT(search("", "metrics.roc_auc"),
                ElementsAre("Fraud/1", "credit-risk/1", "credit-risk/2", "credit_limit/1", "credit-risk/3"));
    EXPECT_THAT(search("", "tags.team, version desc"),
                ElementsAre("Fraud/1", "credit-risk/3", "credit-risk/2", "credit-risk/1", "credit_limit/1"));
}

TEST_F(ListTest, WrongRequestsSayWhatIsWrong) {
    struct Case {
        PageRequest page;
        std::string message;
    };
    for (const Case& c : {
             Case{{.filter = "nme = 'x'"}, "filter: column 1: unknown field nme; known are name, model, version"},
             Case{{.filter = "stage = 'live' AND tags = 'x'"}, "filter: column 20: unknown field tags"},
             Case{{.filter = "stage.x = 'live'"}, "column 1: unknown field stage.x"},
             Case{{.filter = "stage = 'live' AND metrics.roc_auc >= '0.9'"}, "column 39: expected a number"},
             Case{{.filter = "stage = 1"}, "column 9: expected text"},
             Case{{.filter = "version LIKE '1%'"}, "column 9: LIKE and ILIKE need a field of text"},
             Case{{.filter = "created_at > 'yesterday'"}, "column 14: expected a time"},
             Case{{.filter = "digest = 'abc'"}, "column 10: expected a digest"},
             Case{{.filter = "digest < '" + sha256("x").text() + "'"}, "column 8: digest can only be compared with"},
             Case{{.filter = "name LIKE 'x\\'"}, "column 11: the pattern ends"},
             Case{{.filter = "name ="}, "filter: column 7: expected a value"},
             Case{{.order_by = "nme"}, "order_by: column 1: unknown field nme"},
             Case{{.order_by = "name, alias"}, "order_by: column 7: alias has many values"},
             Case{{.size = 0}, "page_size"},
             Case{{.size = 1001}, "page_size"},
             Case{{.token = "nonsense"}, "page_token"},
         }) {
        const Error error = search_error(c.page);
        EXPECT_EQ(error.code, Code::invalid_argument);
        EXPECT_THAT(error.message, HasSubstr(c.message));
        EXPECT_EQ(error.fields.size(), 1U);
    }
}

TEST_F(ListTest, TokensTellSmallNumbersApart) {
    PageRequest page{.size = 1, .filter = "metrics.roc_auc >= 1e-8"};
    page.token = search_page(page, caller("vic"))->next_token;
    ASSERT_FALSE(page.token.empty());
    EXPECT_THAT(search_page(page, caller("vic")), is_ok());
    page.filter = "metrics.roc_auc >= 2e-8";
    EXPECT_THAT(search_page(page, caller("vic")), fails_saying(Code::invalid_argument, "page_token"));
}

TEST_F(ListTest, TokensFitTheListTheyCameFromOnly) {
    const PageRequest first{.size = 2, .order_by = "created_at", .filter = "version >= 1"};
    const std::string token = search_page(first, caller("vic"))->next_token;
    ASSERT_FALSE(token.empty());
    EXPECT_EQ(token.find_first_of("+/="), std::string::npos) << "it stands in a URL as it is";
    const auto fails = [&](const PageRequest& page) {
        EXPECT_THAT(search_page(page, caller("vic")), fails_saying(Code::invalid_argument, "page_token"));
    };
    fails({.size = 2, .token = token, .order_by = "created_at", .filter = "version >= 2"});
    fails({.size = 2, .token = token, .order_by = "created_at desc", .filter = "version >= 1"});
    fails({.size = 2, .token = token, .order_by = "created_at", .filter = ""});
    fails({.size = 2, .token = token.substr(1), .order_by = "created_at", .filter = "version >= 1"});
    fails({.size = 2, .token = token + "AAAA", .order_by = "created_at", .filter = "version >= 1"});
    EXPECT_THAT(
        search_page({.size = 3, .token = token, .order_by = "created_at", .filter = "version >= 1"}, caller("vic")),
        is_ok())
        << "the page size may change";
    const auto of_model = [&](const std::string& model, const std::string& from) {
        return read([&](const Snapshot& s) {
            return list_versions(s, caller("vic"), model_name(model), {.size = 1, .token = from});
        });
    };
    const std::string of_risk = of_model("credit-risk", "")->next_token;
    EXPECT_THAT(of_model("credit-risk", of_risk), is_ok());
    EXPECT_THAT(of_model("credit_limit", of_risk), fails_with(Code::invalid_argument));
    EXPECT_THAT(of_model("credit-risk", token), fails_with(Code::invalid_argument));
}

// All pages one behind the other.
TEST_F(ListTest, PagesOfAnySizeMakeTheWholeList) {
    for (int i = 0; i < 20; ++i)
        add(i % 3 == 0 ? "Fraud" : "credit-risk", {{"team", i % 2 == 0 ? "risk" : ""}},
            i % 4 == 0 ? std::nullopt : std::optional(0.1 * (i % 5)));
    for (const std::string order : {"", "created_at", "model desc", "tags.team, metrics.roc_auc desc",
                                    "metrics.roc_auc, model desc", "stage", "size desc, stage, version"}) {
        for (const std::string filter : {"", "version > 2", "tags.team = ''"}) {
            const Names whole = search(filter, order);
            for (const std::int64_t size : {1, 2, 3, 7, 24, 25, 26}) {
                Names pages;
                PageRequest request{.size = size, .order_by = order, .filter = filter};
                do {
                    const auto page = search_page(request, caller("vic"));
                    ASSERT_THAT(page, is_ok());
                    ASSERT_LE(page->items.size(), static_cast<std::size_t>(size));
                    for (const Version& version : page->items) pages.push_back(name_of(version));
                    request.token = page->next_token;
                } while (!request.token.empty() && pages.size() <= whole.size());
                EXPECT_EQ(pages, whole) << "order '" << order << "' filter '" << filter << "' size " << size;
            }
        }
    }
}

TEST_F(ListTest, PagesStayTrueWhileOthersInsert) {
    Names seen;
    PageRequest request{.size = 2, .order_by = "model, version"};
    do {
        const auto page = search_page(request, caller("vic"));
        ASSERT_THAT(page, is_ok());
        for (const Version& version : page->items) seen.push_back(name_of(version));
        request.token = page->next_token;
        add("AAA", {}, std::nullopt);                        // before all that was seen
        if (seen.size() == 2) add("zzz", {}, std::nullopt);  // behind
    } while (!request.token.empty());
    EXPECT_THAT(seen,
                ElementsAre("Fraud/1", "credit-risk/1", "credit-risk/2", "credit-risk/3", "credit_limit/1", "zzz/1"));
}

TEST_F(ListTest, ModelsAreFilteredAndOrdered) {
    const Caller vic = caller("vic");
    EXPECT_THAT(models({}, vic), ElementsAre("Fraud", "credit-risk", "credit_limit"));
    EXPECT_THAT(models({.filter = "versions > 1"}, vic), ElementsAre("credit-risk"));
    EXPECT_THAT(models({.filter = "owner = 'dan'"}, vic), ElementsAre("Fraud"));
    EXPECT_THAT(models({.order_by = "versions desc, name desc"}, vic),
                ElementsAre("credit-risk", "credit_limit", "Fraud"));
    EXPECT_THAT(models({.filter = "live_in = 'production'"}, vic), IsEmpty());
}

TEST_F(ListTest, ACallerSeesOnlyTheirModels) {
    Caller limited = caller("dan");
    limited.models = {"credit_*", "Fra*"};
    EXPECT_THAT(models({}, limited), ElementsAre("Fraud", "credit_limit"));
    EXPECT_THAT(models({.filter = "name LIKE '%'"}, limited), ElementsAre("Fraud", "credit_limit"));
    Names found;
    const auto page = search_page({.filter = "version >= 1"}, limited);
    for (const Version& version : page->items) found.push_back(name_of(version));
    EXPECT_THAT(found, UnorderedElementsAre("Fraud/1", "credit_limit/1")) << "credit_* does not mean credit-risk";
    const ModelName hidden = model_name("credit-risk");
    EXPECT_THAT(read([&](const Snapshot& s) { return get_model(s, limited, hidden); }), fails_with(Code::not_found));
    EXPECT_THAT(read([&](const Snapshot& s) { return get_version(s, limited, hidden, VersionRef(1)); }),
                fails_with(Code::not_found));
    EXPECT_THAT(read([&](const Snapshot& s) { return list_versions(s, limited, hidden, {}); }),
                fails_with(Code::not_found));
    EXPECT_THAT(read([&](const Snapshot& s) { return version_history(s, limited, hidden, VersionRef(1)); }),
                fails_with(Code::not_found));
    EXPECT_THAT(read([&](const Snapshot& s) { return list_reports(s, limited, hidden, VersionRef(1), {}); }),
                fails_with(Code::not_found));
    EXPECT_THAT(write(as(limited),
                      [&](Transaction& t) {
                          return create_model(t, {model_name("other"), "", {}});
                      }),
                fails_saying(Code::permission_denied, "credit_*, Fra*"));
    EXPECT_THAT(write(as(limited),
                      [&](Transaction& t) { return set_alias(t, hidden, Alias::parse("x").value(), VersionRef(1)); }),
                fails_with(Code::not_found));
    EXPECT_THAT(write(as(limited), [&](Transaction& t) { return delete_model(t, hidden, {}); }),
                fails_with(Code::not_found));
}

TEST_F(ListTest, ACallerWithoutARoleSeesNothing) {
    Caller nobody = caller("vic");
    nobody.roles = {};
    EXPECT_THAT(search_page({}, nobody), fails_with(Code::permission_denied));
    EXPECT_THAT(read([&](const Snapshot& s) { return list_models(s, nobody, {}); }),
                fails_with(Code::permission_denied));
}

TEST_F(ListTest, VersionsOfOneModelComeNewestFirst) {
    const auto page =
        read([&](const Snapshot& s) { return list_versions(s, caller("vic"), model_name("credit-risk"), {}); });
    Names names;
    for (const Version& version : page->items) names.push_back(name_of(version));
    EXPECT_THAT(names, ElementsAre("credit-risk/3", "credit-risk/2", "credit-risk/1"));
    EXPECT_THAT(read([&](const Snapshot& s) { return list_versions(s, caller("vic"), model_name("none"), {}); }),
                fails_with(Code::not_found));
}

TEST_F(ListTest, ReportsAreFilteredByMetric) {
    ASSERT_THAT(
        write("ada",
              [](Transaction& t) { return add_report(t, model_name("Fraud"), VersionRef(1), new_report(0.99)); }),
        is_ok());
    const auto reports = [&](const std::string& filter) {
        std::vector<double> found;
        const auto page = read([&](const Snapshot& s) {
            return list_reports(s, caller("vic"), model_name("Fraud"), VersionRef(1), {.filter = filter});
        });
        for (const Report& report : page.value().items) found.push_back(report.metrics.at("roc_auc"));
        return found;
    };
    EXPECT_THAT(reports(""), ElementsAre(0.99, 0.70));
    EXPECT_THAT(reports("metrics.roc_auc < 0.9 AND dataset = 'holdout'"), ElementsAre(0.70));
}

// Whatever text comes as filter or order: an answer or an error, never a failure of the database.
TEST_F(ListTest, AnyFilterThatIsUnderstoodRuns) {
    constexpr std::array<std::string_view, 12> names = {
        "name",      "version",      "digest",          "stage", "created_at", "size",
        "tags.team", "tags.\"a b\"", "metrics.roc_auc", "alias", "live_in",    "metadata.x"};
    constexpr std::array<std::string_view, 8> comparisons = {"=", "!=", "<", ">=", "LIKE", "ILIKE", "IN", "NOT IN"};
    constexpr std::array<std::string_view, 7> values = {"'x'",          "''",      "1",         "-2.5",
                                                        "'2026-01-01'", "'%\\%_'", "('a', 'b')"};
    std::mt19937 random(5);
    int ran = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string filter;
        for (std::size_t j = 0; j <= random() % 3; ++j) {
            if (!filter.empty()) filter += " AND ";
            filter.append(names[random() % names.size()])
                .append(" ")
                .append(comparisons[random() % comparisons.size()]);
            filter.append(" ").append(values[random() % values.size()]);
        }
        const std::string order = random() % 2 == 0 ? "" : std::string(names[random() % names.size()]) + " desc";
        const auto page = search_page({.size = 2, .order_by = order, .filter = filter}, caller("vic"));
        if (page.ok()) {
            ++ran;
        } else {
            EXPECT_THAT(page, fails_with(Code::invalid_argument)) << filter << " by " << order;
        }
    }
    EXPECT_GT(ran, 100);
}

}  // namespace
}  // namespace baton::registry
